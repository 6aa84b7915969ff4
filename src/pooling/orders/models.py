from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class OrderState(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class Order(TenantTable, table=True):
    """What one supplier is asked for, in the name of one buyer. What has been received and invoiced of it is derived
    (`receipts`, `bills`), never typed.
    """

    __tablename__ = "orders"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("supplier_id", "suppliers"),
        within_group("member_id", "members"),
        UniqueConstraint("group_id", "reference"),
        UniqueConstraint("group_id", "purchase_id", "number"),
        one_of("state", OrderState),
        CheckConstraint("reference ~ '^[A-Za-z0-9][A-Za-z0-9/_.-]{0,34}$'", name="reference_comes_back"),
        CheckConstraint("number >= 1 AND version >= 1", name="counts_from_one"),
        CheckConstraint("over_percent BETWEEN 0 AND 100 AND under_percent BETWEEN 0 AND 100", name="tolerances"),
        CheckConstraint("state NOT IN ('sent', 'confirmed') OR sent_at IS NOT NULL", name="sent_has_date"),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_date"),
        Index(None, "group_id", "supplier_id"),
        Index(None, "group_id", "member_id"),
        Index("ix_orders_asked", "group_id", "asked_at", "id", postgresql_where=text("asked_at IS NOT NULL")),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    supplier_id: int = foreign_id()
    member_id: int | None = foreign_id(nullable=True)
    """Who buys; None: the lead, for everybody."""
    number: int
    """Within its purchase."""
    reference: str
    """What the supplier gives back with its invoice (BT-13): at most 35 safe characters, `AG-2026-003-1`."""
    state: str = OrderState.DRAFT
    version: int = 1
    promised_on: date | None = None
    """When the supplier said that it delivers."""
    supplier_reference: str = ""
    """Its own number, from its confirmation."""
    over_percent: Decimal = Field(default=Decimal(0), sa_type=Numeric(5, 2))
    """How much more than ordered of an item is accepted, over all deliveries together."""
    under_percent: Decimal = Field(default=Decimal(0), sa_type=Numeric(5, 2))
    """How much less still makes it complete."""
    created_at: datetime = instant()
    asked_at: datetime | None = instant(nullable=True)
    """Since when it is to leave by mail: the worker makes its documents and sends them."""
    asked_by: int | None = foreign_id(nullable=True)
    sent_at: datetime | None = instant(nullable=True)
    """When its first version left."""
    confirmed_at: datetime | None = instant(nullable=True)
    completed_at: datetime | None = instant(nullable=True)
    """When somebody declared it complete, whatever was delivered; None: nobody did."""
    completed_because: str = ""
    cancelled_at: datetime | None = instant(nullable=True)
    cancelled_because: str = ""


class OrderVersion(TenantTable, table=True):
    """An order as it was sent, or is about to be: the first, and one for each time that it was amended."""

    __tablename__ = "order_versions"
    __table_args__ = (
        in_group(),
        within_group("order_id", "orders"),
        within_group("pdf_id", "files"),
        within_group("workbook_id", "files"),
        CheckConstraint("number >= 1", name="counts_from_one"),
    )

    order_id: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    made_at: datetime = instant()
    made_by: int | None = foreign_id(nullable=True)
    reason: str = ""
    """Why it replaces the one before."""
    sent_at: datetime | None = instant(nullable=True)
    sent_by: int | None = foreign_id(nullable=True)
    sent_how: str = ""
    """The address that it was mailed to, or how it left otherwise, in words."""
    pdf_id: int | None = foreign_id(nullable=True)
    """The bon de commande as it was sent."""
    workbook_id: int | None = foreign_id(nullable=True)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    """What it changed: `{"line": id, "before": units, "after": units}`; of an item's price `{"item": id, "before":
    "180", "after": "175"}`; of a charge `{"charge": label, "before": cents, "after": cents}`.
    """


class OrderItem(TenantTable, table=True):
    """An item as it is ordered. Invoices are matched to these. Its total before VAT is `half_up` of its price times
    the units of its lines.
    """

    __tablename__ = "order_items"
    __table_args__ = (
        # Its order is in the group.
        within_group("order_id", "orders", ondelete="CASCADE"),
        within_group("item_id", "items"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
    )

    order_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = 0
    code: str
    name: str
    unit: str
    supplier_code: str = ""
    """What the supplier calls it (BT-155)."""
    unit_price: Decimal = Field(sa_type=Numeric(14, 4))
    """Euros before VAT."""
    vat_rate: Decimal = Field(sa_type=Numeric(5, 2))
    """Percent."""


class OrderCharge(TenantTable, table=True):
    """What the supplier invoices beside items: its delivery, a discount that it grants. A charge of the purchase, or
    what one member bears of it where that member is the buyer.
    """

    __tablename__ = "order_charges"
    __table_args__ = (
        in_group(),
        within_group("order_id", "orders", ondelete="CASCADE"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
    )

    order_id: int = Field(primary_key=True, sa_type=BigInteger)
    code: str = Field(primary_key=True)
    """Of the purchase's charge, as it was called when the order was made."""
    position: int = 0
    label: str
    amount_cents: int = Field(sa_type=BigInteger)
    """Before VAT; below nothing: a discount."""
    vat_rate: Decimal = Field(sa_type=Numeric(5, 2))
    """Percent."""


class ChargeSupplier(TenantTable, table=True):
    """Which supplier invoices a charge of a purchase, where no quote says it."""

    __tablename__ = "charge_suppliers"
    __table_args__ = (
        in_group(),
        within_group("charge_id", "charges", ondelete="CASCADE"),
        within_group("supplier_id", "suppliers"),
        Index(None, "group_id", "supplier_id"),
    )

    charge_id: int = Field(primary_key=True, sa_type=BigInteger)
    supplier_id: int = foreign_id()


class OrderLine(TenantTable, table=True):
    """Units of one item for one place of one member, as its order stands now. Receipts are noted on these: none is
    deleted once its order has left, a version that drops one asks for 0 units.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["group_id", "order_id", "item_id"],
            ["order_items.group_id", "order_items.order_id", "order_items.item_id"],
            ondelete="CASCADE",
        ),
        within_group("member_id", "members"),
        within_group("site_id", "sites"),
        UniqueConstraint(
            *("group_id", "order_id", "item_id", "member_id", "site_id"), postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index(None, "group_id", "member_id"),
        Index(None, "group_id", "site_id"),
    )

    id: int = identity()
    order_id: int = foreign_id()
    item_id: int = foreign_id()
    member_id: int = foreign_id()
    site_id: int | None = foreign_id(nullable=True)
    """Where to; None: the member has no site."""
    quantity: int
    engagement: str = ""
    """The number under which this member's finance committed the expense."""


class OrderBuyer(TenantTable, table=True):
    """What orders, and the invoices that come of them, call a member that buys."""

    __tablename__ = "order_buyers"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret_written"),
    )

    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    siret: str | None = None
    """Of the establishment that invoices are made out to, and found by on Chorus Pro (BT-46)."""
    vat_number: str = ""
    """Where it has one."""
    service_code: str = ""
    """Of the service on Chorus Pro (BT-10)."""
    service: str = ""
    """What that service is called."""
    address: str = ""
    """As it stands on a letter, several lines: not where goods are delivered."""
    contact: str = ""
    """Who answers the supplier: a service, a telephone number, an address."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint
from sqlmodel import Field

from pooling.kernel.files import AttachedFile
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class PurchaseState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ORDERED = "ordered"
    DELIVERED = "delivered"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class PurchaseKind(StrEnum):
    GOODS = "goods"
    SERVICE = "service"
    STAFF_OFFER = "staff_offer"
    OUTSIDE = "outside"


class ItemNature(StrEnum):
    """What public procurement takes an item for (CCP L1111-1 to L1111-4)."""

    UNSAID = ""
    SUPPLY = "supply"
    SERVICE = "service"
    WORKS = "works"


class Emission(StrEnum):
    """How clean a light vehicle is (code de l’environnement, D224-15-11 and D224-15-12)."""

    NO_VEHICLE = ""
    """It is none, or nobody has said."""
    VERY_LOW = "very_low"
    LOW = "low"
    OTHER = "other"


CPV = "cpv = '' OR cpv ~ '^[0-9]{8}-[0-9]$'"
"""A column `cpv`, in SQL."""


class Purchase(TenantTable, table=True):
    __tablename__ = "purchases"
    __table_args__ = (
        in_group(),
        within_group("lead_member_id", "members"),
        within_group("action_id", "actions"),
        UniqueConstraint("group_id", "reference"),
        one_of("kind", PurchaseKind),
        one_of("state", PurchaseState),
        CheckConstraint("kind <> 'outside' OR state NOT IN ('open', 'closed')", name="outside_collects_nothing"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    reference: str
    """What people say and write: `AG-2026-003`."""
    title: str
    description: str = ""
    kind: str = PurchaseKind.GOODS
    state: str = PurchaseState.DRAFT
    lead_member_id: int = foreign_id()
    keys_frozen_at: datetime | None = instant(nullable=True)
    delivery_expected_on: date | None = None
    created_at: datetime = instant()
    repriced_at: datetime | None = instant(nullable=True)
    """When prices, packs or minimums of its items last changed, after the closing, in a way that may change what is
    ordered: a consolidation frozen before counts no more.
    """
    action_id: int | None = foreign_id(nullable=True)
    """The action that it serves."""


class Lot(TenantTable, table=True):
    """A part of a purchase that is offered for and awarded by itself (CCP L2113-10)."""

    __tablename__ = "lots"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "number"),
        UniqueConstraint("group_id", "purchase_id", "id"),
        CheckConstraint("number BETWEEN 1 AND 99", name="number_is_short"),
        CheckConstraint(CPV, name="cpv_has_check_digit"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    number: int
    title: str
    cpv: str = ""


class Item(TenantTable, table=True):
    __tablename__ = "items"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        ForeignKeyConstraint(["group_id", "purchase_id", "lot_id"], ["lots.group_id", "lots.purchase_id", "lots.id"]),
        UniqueConstraint("group_id", "purchase_id", "code"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
        CheckConstraint("pack >= 1 AND minimum >= 0", name="pack_and_minimum"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    code: str
    position: int = 0
    name: str
    description: str = ""
    unit: str = "unité"
    unit_price: Decimal = Field(sa_type=Numeric(14, 4))
    """Euros before VAT."""
    vat_rate: Decimal = Field(default=Decimal(20), sa_type=Numeric(5, 2))
    """Percent."""
    fctva: bool = False
    pack: int = 1
    minimum: int = 0
    lot_id: int | None = foreign_id(nullable=True)
    """Of the same purchase; None: the purchase has no lots, or this item is in none."""


class ItemDetails(TenantTable, table=True):
    """What else is said of an item, for public procurement, finance and savings: nothing of it changes what members
    declare or pay. An item of which nothing is said has no row.
    """

    __tablename__ = "item_details"
    __table_args__ = (
        in_group(),
        within_group("item_id", "items", ondelete="CASCADE"),
        one_of("nature", ItemNature),
        one_of("emission", Emission),
        CheckConstraint(CPV, name="cpv_has_check_digit"),
        CheckConstraint("account = '' OR account ~ '^[1-8][0-9]{1,9}$'", name="account_has_digits"),
        CheckConstraint("price_alone >= 0", name="price_not_negative"),
        CheckConstraint(
            "(price_alone IS NULL) = (price_source = '') AND (price_alone IS NULL) = (priced_on IS NULL)",
            name="price_has_source",
        ),
    )

    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    cpv: str = ""
    """With its check digit: `34430000-0`."""
    family: str = ""
    """The homogeneous family, in the lead's own nomenclature."""
    account: str = ""
    """By nature, of the M57: `21828`."""
    nature: str = ItemNature.UNSAID
    emission: str = Field(default=Emission.NO_VEHICLE, sa_column_kwargs={"server_default": ""})
    price_alone: Decimal | None = Field(default=None, nullable=True, sa_type=Numeric(14, 4))
    """Euros before VAT that a member would pay for one unit alone."""
    price_source: str = ""
    priced_on: date | None = None


class PriceTier(TenantTable, table=True):
    """From this pooled quantity on, all units cost this price."""

    __tablename__ = "price_tiers"
    __table_args__ = (
        in_group(),
        within_group("item_id", "items"),
        UniqueConstraint("group_id", "item_id", "from_quantity"),
        CheckConstraint("from_quantity >= 1 AND unit_price >= 0", name="quantity_and_price"),
    )

    id: int = identity()
    item_id: int = foreign_id()
    from_quantity: int
    unit_price: Decimal = Field(sa_type=Numeric(14, 4))


class Participation(TenantTable, table=True):
    """A member takes part in a purchase. Its key values are copied here when the collection opens."""

    __tablename__ = "participations"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("member_id", "members"),
        within_group("budget_id", "budgets"),
        CheckConstraint("population >= 0 AND agents >= 0", name="key_values_not_negative"),
        Index(None, "group_id", "member_id"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    budget_id: int | None = foreign_id(nullable=True)
    population: int | None = None
    agents: int | None = None
    weight: Decimal | None = Field(default=None, nullable=True, sa_type=Numeric(18, 6))
    """A weight of the group's own (DGF population, square metres…), given by the lead buyer before opening."""
    takes_part: bool | None = None
    """Of a service, what the member said; from the closing on, who said nothing does not. None: nobody said."""


AttachedFile.__table__.append_constraint(within_group("item_id", "items"))  # type: ignore[attr-defined]

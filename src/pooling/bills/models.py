from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class BillKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CORRECTED = "corrected"
    PREPAYMENT = "prepayment"


class BillState(StrEnum):
    TO_CHECK = "to_check"
    DISPUTED = "disputed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Bill(TenantTable, table=True):
    """A supplier's invoice or credit note. Amounts are cents as the document says them: those of a credit note are
    positive, its kind turns them.
    """

    __tablename__ = "bills"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("supplier_id", "suppliers"),
        within_group("member_id", "members"),
        within_group("file_id", "files"),
        within_group("replaced_by_id", "bills"),
        UniqueConstraint("group_id", "same_as"),
        one_of("kind", BillKind),
        one_of("state", BillState),
        CheckConstraint("supplier_id IS NOT NULL OR state <> 'accepted'", name="accepted_has_supplier"),
        CheckConstraint("currency = 'EUR' OR state <> 'accepted'", name="accepted_in_euros"),
        CheckConstraint("version >= 1", name="counts_from_one"),
        CheckConstraint("(state IN ('accepted', 'rejected')) = (decided_at IS NOT NULL)", name="decided_has_date"),
        Index(None, "group_id", "purchase_id"),
        Index(None, "group_id", "member_id"),
        Index(None, "group_id", "file_id"),
        Index(None, "group_id", "replaced_by_id"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    supplier_id: int | None = foreign_id(nullable=True)
    """None: its document names one that the group does not know yet."""
    member_id: int | None = foreign_id(nullable=True)
    """Who is asked to pay; None: the lead, for everybody."""
    same_as: str
    """Who invoices and under which number, see `rules.same_document`: a document is kept once in a group."""
    kind: str
    number: str
    """The supplier's (BT-1); empty: its document says none."""
    issued_on: date | None = None
    due_on: date | None = None
    order_reference: str = ""
    """What it says of its orders (BT-13; where that says nothing, what its lines say)."""
    credited: list[str] = Field(default_factory=list, sa_type=JSONB)
    """The numbers of the invoices that it corrects or credits (BT-25)."""
    state: str = BillState.TO_CHECK
    version: int = 1
    """How often it has changed, and once more."""
    currency: str = "EUR"
    ht_cents: int = Field(sa_type=BigInteger)
    vat_cents: int = Field(sa_type=BigInteger)
    ttc_cents: int = Field(sa_type=BigInteger)
    prepaid_cents: int = Field(default=0, sa_type=BigInteger)
    due_cents: int = Field(sa_type=BigInteger)
    """What is left to pay of it."""
    source: dict[str, Any] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """What was read from its file (`invoices`); None: it was typed."""
    findings: list[dict[str, str]] = Field(default_factory=list, sa_type=JSONB)
    """What is doubtful in the document, see `invoices.invoice.Finding`."""
    file_id: int | None = foreign_id(nullable=True)
    """The file as it was received."""
    replaced_by_id: int | None = foreign_id(nullable=True)
    """The accepted corrected invoice that stands in its place."""
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)
    decided_at: datetime | None = instant(nullable=True)
    decided_by: int | None = foreign_id(nullable=True)
    reason: str = ""
    """Why it is accepted all the same, disputed or rejected."""


class BillOrder(TenantTable, table=True):
    """An order that a bill is for; all those of a bill are one supplier's."""

    __tablename__ = "bill_orders"
    __table_args__ = (
        within_group("bill_id", "bills", ondelete="CASCADE"),
        within_group("order_id", "orders"),
        Index(None, "group_id", "order_id"),
    )

    bill_id: int = Field(primary_key=True, sa_type=BigInteger)
    order_id: int = Field(primary_key=True, sa_type=BigInteger)


class BillLine(TenantTable, table=True):
    """A line of a bill, and the item that it is for."""

    __tablename__ = "bill_lines"
    __table_args__ = (
        within_group("bill_id", "bills", ondelete="CASCADE"),
        within_group("item_id", "items"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
        Index(None, "group_id", "item_id"),
    )

    bill_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = Field(primary_key=True)
    name: str
    supplier_code: str = ""
    order_line: str = ""
    """What it says of the line of the order (BT-132)."""
    order_reference: str = ""
    """What it says of its own order, where the bill is for several."""
    quantity: Decimal = Field(sa_type=Numeric(20, 6))
    unit_price: Decimal = Field(sa_type=Numeric(20, 8))
    """Euros before VAT, for one unit."""
    units: Decimal = Field(sa_type=Numeric(20, 6))
    """What it adds to what is invoiced of its item: the quantity, turned where money comes back."""
    net_cents: int = Field(sa_type=BigInteger)
    """Before VAT, as the document says it: not always quantity times price."""
    vat_rate: Decimal = Field(sa_type=Numeric(5, 2))
    item_id: int | None = foreign_id(nullable=True)
    """None: it is for no item, or nobody said for which."""


class BillUnits(TenantTable, table=True):
    """How many units of a line that is for an item are of which order: one line may ask for those of several."""

    __tablename__ = "bill_units"
    __table_args__ = (
        ForeignKeyConstraint(
            ["group_id", "bill_id", "position"],
            ["bill_lines.group_id", "bill_lines.bill_id", "bill_lines.position"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["group_id", "order_id", "item_id"],
            ["order_items.group_id", "order_items.order_id", "order_items.item_id"],
        ),
        Index(None, "group_id", "order_id", "item_id"),
    )

    bill_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = Field(primary_key=True)
    order_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = foreign_id()
    units: Decimal = Field(sa_type=Numeric(20, 6))
    """Signed as the line's."""


class BillRate(TenantTable, table=True):
    """What a bill says of one rate of VAT."""

    __tablename__ = "bill_rates"
    __table_args__ = (
        within_group("bill_id", "bills", ondelete="CASCADE"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
    )

    bill_id: int = Field(primary_key=True, sa_type=BigInteger)
    vat_rate: Decimal = Field(primary_key=True, sa_type=Numeric(5, 2))
    base_cents: int = Field(sa_type=BigInteger)
    vat_cents: int = Field(sa_type=BigInteger)


class Advance(TenantTable, table=True):
    """An advance on an order (CCP R2191-3), with VAT: paid, then taken off what is invoiced."""

    __tablename__ = "advances"
    __table_args__ = (
        in_group(),
        within_group("order_id", "orders"),
        CheckConstraint("cents > 0", name="positive"),
        Index(None, "group_id", "order_id"),
    )

    id: int = identity()
    order_id: int = foreign_id()
    cents: int = Field(sa_type=BigInteger)
    paid_on: date
    note: str = ""
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    UniqueConstraint,
)
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class CriterionKind(StrEnum):
    PRICE = "price"
    LIFE_CYCLE = "life_cycle"
    ENVIRONMENT = "environment"
    QUALITY = "quality"
    DELAY = "delay"
    SOCIAL = "social"
    OTHER = "other"


class Quote(TenantTable, table=True):
    """What one supplier offers, for a purchase or one of its lots. Amounts are cents before VAT."""

    __tablename__ = "quotes"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("supplier_id", "suppliers"),
        UniqueConstraint("group_id", "purchase_id", "supplier_id", "lot", postgresql_nulls_not_distinct=True),
        CheckConstraint("lot BETWEEN 1 AND 99", name="lot_is_short"),
        CheckConstraint("delivery_cents >= 0 AND delivery_days >= 0", name="not_negative"),
        CheckConstraint("delivery_vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
        Index(None, "group_id", "supplier_id", "id"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    supplier_id: int = foreign_id()
    lot: int | None = None
    """The number of the lot that it is for; None: for the whole purchase. Lots may be arranged anew: no key."""
    delivery_cents: int = Field(default=0, sa_type=BigInteger)
    """Of one delivery, whatever is ordered."""
    delivery_vat_rate: Decimal = Field(default=Decimal(20), sa_type=Numeric(5, 2))
    delivery_days: int | None = None
    """From the order to the delivery."""
    valid_until: date | None = None
    """Its last day."""
    reference: str = ""
    """The supplier's own, as it stands on its document."""
    note: str = ""
    charge_code: str = ""
    """Of the charge that its delivery is, while items are awarded by it."""
    written_at: datetime = instant()
    written_by: int | None = foreign_id(nullable=True)
    """None: the supplier itself."""
    sealed_until: datetime | None = instant(nullable=True)
    """Of an offer that the supplier filled in itself: until then nobody sees it, nor that it is there."""


class QuoteLine(TenantTable, table=True):
    """One item of a quote. An item without a line is not offered."""

    __tablename__ = "quote_lines"
    __table_args__ = (
        in_group(),
        within_group("quote_id", "quotes", ondelete="CASCADE"),
        within_group("item_id", "items"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("pack >= 1 AND minimum >= 0 AND minimum_cents >= 0", name="pack_and_minimum"),
    )

    quote_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    unit_price: Decimal = Field(sa_type=Numeric(14, 4))
    """Euros before VAT, below every tier."""
    pack: int = 1
    minimum: int = 0
    """Units."""
    minimum_cents: int = Field(default=0, sa_type=BigInteger)
    """What the line has to come to, before VAT."""
    code: str = ""
    """The supplier's own, for its orders and invoices."""


class QuoteTier(TenantTable, table=True):
    """From this pooled quantity on, all units cost this price."""

    __tablename__ = "quote_tiers"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(
            ["group_id", "quote_id", "item_id"],
            ["quote_lines.group_id", "quote_lines.quote_id", "quote_lines.item_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("from_quantity >= 1 AND unit_price >= 0", name="quantity_and_price"),
    )

    quote_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    from_quantity: int = Field(primary_key=True)
    unit_price: Decimal = Field(sa_type=Numeric(14, 4))


class QuoteFile(TenantTable, table=True):
    """A file that goes with a quote: the supplier's own document, a data sheet, a sample's picture."""

    __tablename__ = "quote_files"
    __table_args__ = (
        in_group(),
        within_group("quote_id", "quotes"),
        within_group("file_id", "files"),
        Index(None, "group_id", "quote_id"),
    )

    file_id: int = Field(primary_key=True, sa_type=BigInteger)
    quote_id: int = foreign_id()


class QuoteCriterion(TenantTable, table=True):
    """What a purchase's quotes are judged by."""

    __tablename__ = "quote_criteria"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        one_of("kind", CriterionKind),
        CheckConstraint("number BETWEEN 1 AND 12", name="number_is_short"),
        CheckConstraint("weight > 0 AND weight <= 100", name="weight_is_percent"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    kind: str
    label: str
    weight: Decimal = Field(sa_type=Numeric(5, 2))
    """Percent."""


class QuoteMark(TenantTable, table=True):
    """What a quote was given for a criterion, and why: a mark out of 20 or, for the life-cycle cost, cents."""

    __tablename__ = "quote_marks"
    __table_args__ = (
        in_group(),
        within_group("quote_id", "quotes", ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["group_id", "purchase_id", "number"],
            ["quote_criteria.group_id", "quote_criteria.purchase_id", "quote_criteria.number"],
            ondelete="CASCADE",
        ),
        CheckConstraint("(mark IS NULL) <> (cents IS NULL)", name="mark_or_cost"),
        CheckConstraint("mark BETWEEN 0 AND 20 AND cents >= 0", name="mark_out_of_twenty"),
        CheckConstraint("reason <> ''", name="says_why"),
        Index(None, "group_id", "purchase_id", "number"),
    )

    quote_id: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    purchase_id: int = foreign_id()
    mark: Decimal | None = Field(default=None, nullable=True, sa_type=Numeric(4, 2))
    cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    reason: str


class Consultation(TenantTable, table=True):
    """Until when the suppliers that were asked may offer."""

    __tablename__ = "consultations"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        CheckConstraint("opened_at >= offers_until", name="opened_after_date"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    offers_until: datetime = instant()
    message: str = ""
    """In the lead buyer's words."""
    reminded_at: datetime | None = instant(nullable=True)
    opened_at: datetime | None = instant(nullable=True)
    """When the journal told whose offers there were."""


class QuoteRequest(TenantTable, table=True):
    """A supplier was asked, for the purchase or one lot. Whether it answered is in none of its columns."""

    __tablename__ = "quote_requests"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["group_id", "purchase_id"], ["consultations.group_id", "consultations.purchase_id"]),
        within_group("supplier_id", "suppliers"),
        UniqueConstraint("group_id", "purchase_id", "supplier_id", "lot", postgresql_nulls_not_distinct=True),
        CheckConstraint("lot BETWEEN 1 AND 99", name="lot_is_short"),
        Index(None, "group_id", "supplier_id"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    supplier_id: int = foreign_id()
    lot: int | None = None
    email: str
    asked_at: datetime = instant()
    asked_by: int | None = foreign_id(nullable=True)


class QuoteKey(TenantTable, table=True):
    """A link that was mailed to a supplier, with its code; of both only hashes are kept."""

    __tablename__ = "quote_keys"
    __table_args__ = (
        in_group(),
        within_group("request_id", "quote_requests"),
        Index(None, "group_id", "request_id"),
    )

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    request_id: int = foreign_id()
    code_hash: bytes = Field(sa_type=LargeBinary)
    browser_hash: bytes | None = Field(default=None, nullable=True, sa_type=LargeBinary)
    """In which the code was typed last: there the link opens."""
    attempts: int = 0
    """Wrong codes since."""
    made_at: datetime = instant()


class Award(TenantTable, table=True):
    """Which supplier an item is ordered from."""

    __tablename__ = "awards"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        within_group("item_id", "items", ondelete="CASCADE"),
        within_group("supplier_id", "suppliers"),
        within_group("quote_id", "quotes"),
        Index(None, "group_id", "supplier_id"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    supplier_id: int = foreign_id()
    quote_id: int | None = foreign_id(nullable=True)
    """Whose prices and conditions the item has; None: named without a quote."""
    chosen_at: datetime = instant()
    chosen_by: int | None = foreign_id(nullable=True)
    reason: str = ""

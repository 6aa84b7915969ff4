from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from pooling.allocation.watching import watch_cases
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group

PARTICIPANTS: Final = "participants"
"""In the place of a list of members, in the rule's own word: those who take at least one unit of anything."""


class Cause(StrEnum):
    """Why another version of an allocation is frozen."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    AMENDMENT = "amendment"
    """Units or prices were adjusted."""
    COSTS = "costs"
    """Charges or subsidies changed."""
    OTHER = "other"


class Charge(TenantTable, table=True):
    """A shared cost or discount of a purchase."""

    __tablename__ = "charges"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "code"),
        CheckConstraint("(amount_cents IS NULL) <> (percent IS NULL)", name="amount_or_percent"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_is_percent"),
        CheckConstraint(
            "jsonb_typeof(scope) IN ('array', 'null') OR scope = '\"participants\"'", name="scope_is_list_or_word"
        ),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    code: str
    label: str
    amount_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """Cents before VAT; negative for a discount."""
    percent: Decimal | None = Field(default=None, nullable=True, sa_type=Numeric(9, 6))
    """In its place, a percent of what its items come to before VAT."""
    vat_rate: Decimal = Field(default=Decimal(20), sa_type=Numeric(5, 2))
    key: Any = Field(sa_type=JSONB)
    """As the allocation rule writes it: `"equal"`, `"population"`, `{"weights": {…}}`…"""
    items: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the items that its percent, and a key by quantity or amount, look at; None: all."""
    scope: list[str] | Literal["participants"] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the members that share it; `PARTICIPANTS`: those who take something; None: all that take part."""
    fctva: bool = False
    paid_by: str | None = None
    """The code of the member that paid it apart; None: it is on the bills of the suppliers, of whoever pays those."""


class Subsidy(TenantTable, table=True):
    """Co-funding of a purchase, as the allocation rule counts it. Amounts in cents, rates in percent."""

    __tablename__ = "subsidies"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "code"),
        CheckConstraint("(rate IS NULL) <> (amount_cents IS NULL)", name="rate_or_amount"),
        CheckConstraint("rate BETWEEN 0 AND 100", name="rate_is_percent"),
        CheckConstraint("amount_cents >= 0 AND cap_per_unit_cents >= 0 AND cap_total_cents >= 0", name="not_negative"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    code: str
    label: str
    rate: Decimal | None = Field(default=None, nullable=True, sa_type=Numeric(9, 6))
    amount_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    cap_per_unit_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    cap_total_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    items: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the items that it counts; None: all."""
    charges: list[str] = Field(default_factory=list, sa_type=JSONB)
    """Codes of the charges that it counts too."""
    members: list[str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Codes of the members that it funds; None: all."""
    public: bool = True
    """Public money (an energy-savings certificate is not)."""


class AllocationRecord(TenantTable, table=True):
    """A frozen allocation: who pays what, and all that explains it. A numbered record, never changed nor computed
    again; its members stand in `AllocationShare`.
    """

    __tablename__ = "allocations"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "number"),
        CheckConstraint(f"cause IN ('', {', '.join(repr(str(cause)) for cause in Cause)})", name="cause_known"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    number: int
    frozen_at: datetime = instant()
    frozen_by: int | None = foreign_id(nullable=True)
    case: dict[str, Any] = Field(sa_type=JSONB)
    """What was shared, as the rule reads it: whoever wants to may compute it again."""
    result: dict[str, Any] = Field(sa_type=JSONB)
    """As the rule wrote it on the day: the JSON file."""
    rule_version: int
    stated: dict[str, Any] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """What is everybody's, see `kept.head_of`. None: frozen before shares were kept, by a rule that is lost."""
    details: list[dict[str, str]] = Field(default_factory=list, sa_type=JSONB)
    """What members said of their lines on the day, budgets and engagements among it (`SaidLine`)."""
    cause: str = ""
    """Why it follows the one before; empty: it is the first, or nobody said."""
    reason: str = ""
    """The same in somebody's words."""


LARGEST_FIRST = text("(-(ht + vat))")
"""How a page of shares begins."""


class ShareColumns(SQLModel):
    """What one member pays, in cents, on which budget, and its lines."""

    member: str = Field(primary_key=True)
    """Its code on the day."""
    name: str
    budget: str
    ht: int = Field(sa_type=BigInteger)
    vat: int = Field(sa_type=BigInteger)
    subsidies: int = Field(sa_type=BigInteger)
    fctva: int = Field(sa_type=BigInteger)
    net: int = Field(sa_type=BigInteger)
    vat_by_rate: dict[str, int] = Field(sa_type=JSONB)
    gets_fctva: bool
    lines: list[Any] = Field(sa_type=JSONB)
    """Its share of each line, with what explains it, see `kept`."""


class AllocationShare(ShareColumns, TenantTable, table=True):
    """One member's share of a frozen allocation. Written once."""

    __tablename__ = "allocation_shares"
    __table_args__ = (
        in_group(),
        within_group("allocation_id", "allocations"),
        CheckConstraint("net = ht + vat - subsidies - fctva", name="net_ties"),
        Index("ix_allocation_shares_largest", "group_id", "allocation_id", LARGEST_FIRST, "member"),
    )

    allocation_id: int = Field(primary_key=True, sa_type=BigInteger)
    payer: dict[str, str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Who it was on the day where it pays (`booking.Identity`). None: frozen before that was kept."""


class AllocationDebt(TenantTable, table=True):
    """What a member owes by a frozen allocation, with VAT. Written once."""

    __tablename__ = "allocation_debts"
    __table_args__ = (
        in_group(),
        within_group("allocation_id", "allocations"),
        Index(None, "group_id", "allocation_id", "creditor"),
        CheckConstraint("cents <> 0 AND debtor <> creditor", name="owes_somebody_something"),
        CheckConstraint("supplier = 0 OR (creditor = '' AND supplier > 0)", name="suppliers_are_no_members"),
    )

    allocation_id: int = Field(primary_key=True, sa_type=BigInteger)
    debtor: str = Field(primary_key=True)
    """The member's code on the day."""
    creditor: str = Field(primary_key=True)
    """As well; empty: suppliers."""
    what: str = Field(primary_key=True)
    """The code of the charge that the creditor paid; empty: what suppliers invoice."""
    supplier: int = Field(default=0, primary_key=True, sa_type=BigInteger)
    """Which of them, by its id, of which the record keeps the name (`allocation/supplying.py`); 0: nobody said."""
    cents: int = Field(sa_type=BigInteger)
    """Negative: it is given back."""


class CurrentAllocation(TenantTable, table=True):
    """Who pays what of a purchase as it stood at `read_at`, in the form of a record; computed again by whoever looks
    once it is not so any more, see `current`. A page writes it: a foreign key would make who looks wait for who closes,
    so a purchase that is deleted takes it along by what follows (`watching.py`).
    """

    __tablename__ = "current_allocations"
    __table_args__ = (CheckConstraint("(stated IS NULL) <> (refused IS NULL)", name="stated_or_refused"),)

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    read_at: datetime = instant()
    """By the database's clock: all that was committed before is in it."""
    made_with: str
    """Stands for what else than rows it came from: the code and the configuration."""
    fingerprint: str
    """Of all that it says: the same figures, the same fingerprint."""
    workbook_rows: int
    stated: dict[str, Any] | None = Field(default=None, nullable=True, sa_type=JSONB)
    refused: dict[str, str] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """The rule's refusal, as people read it: `code` and `message`."""


class CurrentShare(ShareColumns, TenantTable, table=True):
    """One member's share as things stand."""

    __tablename__ = "current_shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["current_allocations.group_id", "current_allocations.purchase_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("net = ht + vat - subsidies - fctva", name="net_ties"),
        Index("ix_current_shares_largest", "group_id", "purchase_id", LARGEST_FIRST, "member"),
    )

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)


class CaseChange(TenantTable, table=True):
    """Something that a purchase's case is read from has changed. Sessions write it, whoever computes the current
    shares takes it away. A row of its own for each change: those who file at once do not queue for a counter.
    """

    __tablename__ = "case_changes"

    purchase_id: int = Field(primary_key=True, sa_type=BigInteger)
    id: int = identity()
    transaction: int = Field(
        default=None,
        nullable=False,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)")},
    )


watch_cases()

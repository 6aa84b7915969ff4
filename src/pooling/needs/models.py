from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class DeclarationState(StrEnum):
    DRAFT = "draft"
    FILED = "filed"


DECLARATION = StateMachine(
    noun="declaration",
    this="Cette déclaration",
    # One may be filed at once; a draft beside what is filed is another row, which takes its place.
    begins=frozenset(DeclarationState),
    transitions={
        DeclarationState.DRAFT: frozenset({DeclarationState.FILED}),
        DeclarationState.FILED: frozenset(),
    },
    words={DeclarationState.DRAFT: "Brouillon", DeclarationState.FILED: "Déposée"},
    tags={DeclarationState.DRAFT: "draft", DeclarationState.FILED: "done"},
)


class Declaration(TenantTable, table=True):
    """What a member says it needs. At most one draft and one filed per member: the filed one counts, the draft is
    what its référent is preparing, with a line for each item that it has answered so far.
    """

    __tablename__ = "declarations"
    __table_args__ = (
        in_group(),
        Index("ix_declarations_drafts", "group_id", "purchase_id", "id", postgresql_where=text("state = 'draft'")),
        ForeignKeyConstraint(
            ["group_id", "purchase_id", "member_id"],
            ["participations.group_id", "participations.purchase_id", "participations.member_id"],
        ),
        UniqueConstraint("group_id", "purchase_id", "member_id", "state"),
        one_of("state", DeclarationState),
        CheckConstraint("(state = 'filed') = (filed_at IS NOT NULL)", name="filed_has_date"),
        CheckConstraint("state = 'filed' OR NOT no_need", name="no_need_is_filed"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    member_id: int = foreign_id()
    state: str
    comment: str = ""
    updated_at: datetime = instant()
    updated_by: int | None = foreign_id(nullable=True)
    filed_at: datetime | None = instant(nullable=True)
    no_need: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """It answers that this member needs nothing: what is filed wants none of the items."""


class Need(TenantTable, table=True):
    """One line of a declaration: so many units of one item, and perhaps the most that would be accepted."""

    __tablename__ = "needs"
    __table_args__ = (
        # Not `in_group()`: its declaration is, and PostgreSQL checks each key of hundreds of thousands of rows in turn.
        within_group("declaration_id", "declarations", ondelete="CASCADE"),
        within_group("item_id", "items"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("up_to >= quantity", name="up_to_not_below"),
        Index(None, "group_id", "item_id"),
    )

    declaration_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    quantity: int
    up_to: int
    """The tolerance: the most this member would accept; equal to `quantity` when it has none."""
    declared_at: datetime = instant()
    """Its place in the order of arrival: kept when it is filed again, unless the quantity rises."""


class NeedDetail(TenantTable, table=True):
    """What a member says of a line beside its units; most lines have nothing to say."""

    __tablename__ = "need_details"
    __table_args__ = (
        in_group(),
        within_group("declaration_id", "declarations", ondelete="CASCADE"),
        within_group("item_id", "items"),
        within_group("budget_id", "budgets"),
        CheckConstraint("note <> '' OR budget_id IS NOT NULL OR engagement <> ''", name="says_something"),
    )

    declaration_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    note: str = ""
    budget_id: int | None = foreign_id(nullable=True)
    """The budget of this member that the line is charged on; None: the one that it takes part on."""
    engagement: str = ""
    """The number under which this member's finance committed the expense."""


class ConsolidationRecord(TenantTable, table=True):
    """A frozen consolidation of a closed purchase: a numbered record, never changed."""

    __tablename__ = "consolidations"
    __table_args__ = (
        in_group(),
        within_group("purchase_id", "purchases"),
        UniqueConstraint("group_id", "purchase_id", "number"),
    )

    id: int = identity()
    purchase_id: int = foreign_id()
    number: int
    frozen_at: datetime = instant()
    frozen_by: int | None = foreign_id(nullable=True)
    result: dict[str, Any] = Field(sa_type=JSONB)
    """For every item's code, the result of the rule as JSON."""
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    """For every item's code, how the lead buyer chose to share what does not fit."""
    reason: str = ""
    """Why it replaces the one before, when it is an amendment."""
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    """By item's code and member's code, what the member said of that line (`details.Detail`)."""
    terms: dict[str, Any] | None = Field(default=None, nullable=True, sa_type=JSONB)
    """Of an adjustment, for every item's code at what price and rate it is paid: `{"unit_price": "180", "vat_rate":
    "20"}`. None: the rule made it, prices are those of the tiers that it reached.
    """


class ConsolidatedItem(TenantTable, table=True):
    """An item that a frozen consolidation is of. Assignments have one key to it in place of one to each."""

    __tablename__ = "consolidated_items"
    __table_args__ = (
        # As with needs, its consolidation is in the group.
        within_group("consolidation_id", "consolidations"),
        within_group("item_id", "items"),
    )

    consolidation_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)


class Assignment(TenantTable, table=True):
    """What a frozen consolidation gives a member of an item."""

    __tablename__ = "assignments"
    __table_args__ = (
        # PostgreSQL checks each key of hundreds of thousands of rows in turn.
        ForeignKeyConstraint(
            ["group_id", "consolidation_id", "item_id"],
            ["consolidated_items.group_id", "consolidated_items.consolidation_id", "consolidated_items.item_id"],
            name="fk_assignments_consolidated_items",
        ),
        within_group("member_id", "members"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index(None, "group_id", "member_id"),
    )

    consolidation_id: int = Field(primary_key=True, sa_type=BigInteger)
    item_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    quantity: int

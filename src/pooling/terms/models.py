from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant, one_of, within_group


class Spread(StrEnum):
    """How the units that nobody has counted for itself are estimated."""

    POPULATION = "population"
    AGENTS = "agents"
    EQUAL = "equal"


class ChargesKey(StrEnum):
    """By what shared costs are shared."""

    EQUAL = "equal"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    POPULATION = "population"
    AGENTS = "agents"


class Position(StrEnum):
    IN = "in"
    UNDER_CONDITION = "under_condition"
    OUT = "out"


class Terms(TenantTable, table=True):
    """What the group would agree on for an action."""

    __tablename__ = "action_terms"
    __table_args__ = (in_group(), within_group("action_id", "actions", ondelete="CASCADE"))

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    mandate: str = ""
    """What the pilot does in the others' name."""
    exit_clause: str = ""
    answer_by: date | None = None
    """The last day to answer; None: nobody set one."""
    written_at: datetime = instant()


class Estimate(TenantTable, table=True):
    """What an action would cost; the first is the one proposed, the others are variants beside it."""

    __tablename__ = "action_estimates"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        one_of("spread", Spread),
        one_of("charges_key", ChargesKey),
        CheckConstraint("place BETWEEN 1 AND 3", name="three_at_most"),
        CheckConstraint("label <> '' AND item <> ''", name="named"),
        CheckConstraint("quantity >= 0 AND unit_price_cents >= 0 AND charges_cents >= 0", name="not_negative"),
        CheckConstraint(
            "vat_hundredths BETWEEN 0 AND 10000 AND subsidy_hundredths BETWEEN 0 AND 10000", name="percents"
        ),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    place: int = Field(primary_key=True)
    label: str
    item: str
    quantity: int
    spread: str
    unit_price_cents: int = Field(sa_type=BigInteger)
    vat_hundredths: int
    charges_cents: int = Field(sa_type=BigInteger)
    charges_key: str
    subsidy_hundredths: int


class TermsAnswer(TenantTable, table=True):
    """What a member answers to the terms of an action: its last word."""

    __tablename__ = "action_answers"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        within_group("member_id", "members"),
        ForeignKeyConstraint(["answered_by"], ["people.id"]),
        one_of("position", Position),
        CheckConstraint("(position = 'under_condition') = (condition <> '')", name="condition_said"),
        CheckConstraint("(deliberation = '') = (deliberated_on IS NULL)", name="deliberation_dated"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        Index(None, "group_id", "member_id"),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: str
    condition: str = ""
    quantity: int | None = None
    """The units that it counts for itself; None: its part of the estimate."""
    deliberation: str = ""
    """The reference of its council's deliberation."""
    deliberated_on: date | None = None
    answered_at: datetime = instant()
    answered_by: int | None = foreign_id(nullable=True)

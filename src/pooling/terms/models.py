from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.files import AttachedFile
from pooling.kernel.tables import TenantTable, foreign_id, in_group, instant, one_of, within_group
from pooling.procurement.models import Mandate
from pooling.purchases.models import CPV, PurchaseKind


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
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        one_of("kind", PurchaseKind),
        one_of("coordination", Mandate),
        CheckConstraint("order_by <= deliver_by", name="ordered_before_delivered"),
        CheckConstraint("(answer_by IS NULL) = (asked_at IS NULL) AND revision >= 1", name="asked_until_a_day"),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = PurchaseKind.GOODS
    """What kind of purchase would follow."""
    mandate: str = ""
    """What the pilot does in the others' name."""
    coordination: str = Mandate.UNDECIDED
    """The same, as a convention puts it."""
    exit_clause: str = ""
    answer_by: date | None = None
    """The last day to answer; None: nobody set one, and nobody is reminded."""
    asked_at: datetime | None = instant(nullable=True)
    """When that day was said."""
    revision: int = 1
    """Of that day: reminders of another one are not those of this one."""
    order_by: date | None = None
    deliver_by: date | None = None
    purchase_reference: str = ""
    """Of the purchase that was prepared from them; no key, since a purchase in preparation may be deleted."""
    written_at: datetime = instant()


class TermsItem(TenantTable, table=True):
    """Something that would be bought. Amounts are in cents before VAT, percents in hundredths."""

    __tablename__ = "action_items"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        UniqueConstraint("group_id", "action_id", "code"),
        CheckConstraint("code <> '' AND name <> '' AND unit <> ''", name="named"),
        CheckConstraint("position BETWEEN 1 AND 12", name="twelve_at_most"),
        CheckConstraint("unit_price_cents >= 0 AND price_alone_cents >= 0", name="not_negative"),
        CheckConstraint("vat_hundredths BETWEEN 0 AND 10000", name="percent"),
        CheckConstraint(CPV, name="cpv_has_check_digit"),
        CheckConstraint("account = '' OR account ~ '^[1-8][0-9]{1,9}$'", name="account_has_digits"),
        CheckConstraint(
            "(price_alone_cents IS NULL) = (price_source = '') AND (price_alone_cents IS NULL) = (priced_on IS NULL)",
            name="price_has_source",
        ),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = Field(primary_key=True)
    code: str
    """By which quantities and aids name it."""
    name: str
    unit: str
    unit_price_cents: int = Field(sa_type=BigInteger)
    vat_hundredths: int
    cpv: str = ""
    account: str = ""
    price_alone_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """What a member would pay for one by itself, with its source and its day."""
    price_source: str = ""
    priced_on: date | None = None


class Estimate(TenantTable, table=True):
    """What an action would cost; the first is the one proposed, the others are variants beside it."""

    __tablename__ = "action_estimates"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        one_of("spread", Spread),
        one_of("charges_key", ChargesKey),
        CheckConstraint("place BETWEEN 1 AND 3", name="three_at_most"),
        CheckConstraint("label <> '' AND charges_label <> ''", name="named"),
        CheckConstraint("charges_cents >= 0", name="not_negative"),
        CheckConstraint("charges_vat_hundredths BETWEEN 0 AND 10000", name="percent"),
        CheckConstraint("jsonb_typeof(quantities) = 'object'", name="quantities_by_item"),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    place: int = Field(primary_key=True)
    label: str
    quantities: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    """Of all members together, by the codes of the items that it buys."""
    spread: str
    charges_label: str
    charges_cents: int = Field(sa_type=BigInteger)
    charges_vat_hundredths: int
    charges_key: str


class Aid(TenantTable, table=True):
    """What would help to pay an estimate: a percent with its ceilings, or a sum."""

    __tablename__ = "action_aids"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        CheckConstraint("place BETWEEN 1 AND 3 AND position BETWEEN 1 AND 6", name="six_at_most"),
        CheckConstraint("label <> ''", name="named"),
        CheckConstraint("(rate_hundredths IS NULL) <> (amount_cents IS NULL)", name="rate_or_amount"),
        CheckConstraint("rate_hundredths BETWEEN 0 AND 10000", name="percent"),
        CheckConstraint("amount_cents >= 0 AND cap_per_unit_cents >= 0 AND cap_total_cents >= 0", name="not_negative"),
        CheckConstraint(
            "amount_cents IS NULL OR (cap_per_unit_cents IS NULL AND cap_total_cents IS NULL)", name="rate_has_ceilings"
        ),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    place: int = Field(primary_key=True)
    """Of the estimate that it helps to pay."""
    position: int = Field(primary_key=True)
    label: str
    rate_hundredths: int | None = None
    amount_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    cap_per_unit_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    cap_total_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    item: str = ""
    """The code of the only item that it counts; empty: all of them, and the shared costs."""


class TermsAnswer(TenantTable, table=True):
    """What a member answers to the terms of an action: its last word. The journal has those before."""

    __tablename__ = "action_answers"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions", ondelete="CASCADE"),
        within_group("member_id", "members"),
        ForeignKeyConstraint(["answered_by"], ["people.id"]),
        one_of("position", Position),
        CheckConstraint("(position = 'under_condition') = (condition <> '')", name="condition_said"),
        CheckConstraint("(deliberation = '') = (deliberated_on IS NULL)", name="deliberation_dated"),
        CheckConstraint("jsonb_typeof(quantities) = 'object'", name="quantities_by_item"),
        Index(None, "group_id", "member_id"),
    )

    action_id: int = Field(primary_key=True, sa_type=BigInteger)
    member_id: int = Field(primary_key=True, sa_type=BigInteger)
    position: str
    condition: str = ""
    quantities: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    """The units that it counts for itself, by the codes of items; of the others it gets its part of the estimate."""
    deliberation: str = ""
    """The reference of its council's deliberation."""
    deliberated_on: date | None = None
    answered_at: datetime = instant()
    answered_by: int | None = foreign_id(nullable=True)


AttachedFile.__table__.append_constraint(  # type: ignore[attr-defined]
    ForeignKeyConstraint(
        ["group_id", "action_id", "answering_id"],
        ["action_answers.group_id", "action_answers.action_id", "action_answers.member_id"],
    )
)

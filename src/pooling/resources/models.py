from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import (
    TenantTable,
    foreign_id,
    identity,
    in_group,
    instant,
    one_of,
    sort_column,
    within_group,
)


class ResourceKind(StrEnum):
    DESK = "desk"
    ROOM = "room"
    VEHICLE = "vehicle"
    BIKE = "bike"


class ResourceState(StrEnum):
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


RESOURCE = StateMachine(
    noun="resource",
    this="Cette ressource",
    begins=frozenset({ResourceState.OFFERED}),
    transitions={
        ResourceState.OFFERED: frozenset({ResourceState.WITHDRAWN}),
        ResourceState.WITHDRAWN: frozenset(),
    },
    words={ResourceState.OFFERED: "Proposée", ResourceState.WITHDRAWN: "Retirée"},
    tags={ResourceState.OFFERED: "primary", ResourceState.WITHDRAWN: "cancelled"},
)


class LendingState(StrEnum):
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


LENDING = StateMachine(
    noun="lending",
    this="Cette demande",
    begins=frozenset({LendingState.ASKED}),
    transitions={
        LendingState.ASKED: frozenset({LendingState.AGREED, LendingState.REFUSED, LendingState.WITHDRAWN}),
        LendingState.AGREED: frozenset({LendingState.ENDED}),
        LendingState.REFUSED: frozenset(),
        LendingState.WITHDRAWN: frozenset(),
        LendingState.ENDED: frozenset(),
    },
    words={
        LendingState.ASKED: "En attente",
        LendingState.AGREED: "Accordée",
        LendingState.REFUSED: "Refusée",
        LendingState.WITHDRAWN: "Retirée",
        LendingState.ENDED: "Interrompue",
    },
    tags={
        LendingState.ASKED: "waiting",
        LendingState.AGREED: "done",
        LendingState.REFUSED: "cancelled",
        LendingState.WITHDRAWN: "cancelled",
        LendingState.ENDED: "closed",
    },
)


class Resource(TenantTable, table=True):
    """What a member lends to the others: so many units, all alike, at one of its sites."""

    __tablename__ = "resources"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        within_group("site_id", "sites"),
        one_of("kind", ResourceKind),
        one_of("state", ResourceState),
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("days BETWEEN 1 AND 127", name="days_of_week"),
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
        CheckConstraint("until_day >= from_day", name="until_after_from"),
        Index(
            "uq_resources_title",
            *("group_id", "site_id", "sort_key"),
            unique=True,
            postgresql_where=text("state = 'offered'"),
        ),
        Index(None, "group_id", "member_id"),
        Index(None, "group_id", "sort_key", "id"),
    )

    id: int = identity()
    member_id: int = foreign_id()
    site_id: int = foreign_id()
    kind: str
    title: str
    sort_key: str = sort_column()
    quantity: int
    """Units that may be lent on one day."""
    days: int
    """The days of the week on which they may, as bits: Monday is 1, Sunday 64."""
    price_cents: int = Field(default=0, sa_type=BigInteger)
    """For one unit on one day, with VAT; 0: free."""
    conditions: str = ""
    from_day: date
    until_day: date | None = None
    """The last day; None: until it is withdrawn."""
    state: str = ResourceState.OFFERED
    created_at: datetime = instant()


class Lending(TenantTable, table=True):
    """Units of a resource that a member asks for. Those agreed are never more on a day than there are: who agrees
    locks the resource.
    """

    __tablename__ = "lendings"
    __table_args__ = (
        in_group(),
        within_group("resource_id", "resources"),
        within_group("member_id", "members"),
        ForeignKeyConstraint(["asked_by"], ["people.id"]),
        ForeignKeyConstraint(["answered_by"], ["people.id"]),
        one_of("state", LendingState),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("days BETWEEN 1 AND 127", name="days_of_week"),
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
        CheckConstraint("last_day >= first_day", name="last_after_first"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended_has_day"),
        CheckConstraint("ended_on < last_day", name="ended_early"),
        CheckConstraint("(state IN ('asked', 'withdrawn')) = (answered_at IS NULL)", name="answered_has_date"),
        Index(None, "group_id", "resource_id", "state"),
        Index(None, "group_id", "member_id"),
    )

    id: int = identity()
    resource_id: int = foreign_id()
    member_id: int = foreign_id()
    """Who asks."""
    units: int
    first_day: date
    last_day: date
    days: int
    """The days of the week, as those of a resource."""
    price_cents: int = Field(default=0, sa_type=BigInteger)
    """As the resource said when it was asked for."""
    purpose: str = ""
    """What for. Forgotten some time after its last day."""
    state: str = LendingState.ASKED
    reason: str = ""
    """Why it was refused, withdrawn or ended."""
    ended_on: date | None = None
    """The last day that counts of what ended before its last one; it may lie before the first."""
    asked_at: datetime = instant()
    asked_by: int | None = foreign_id(nullable=True)
    answered_at: datetime | None = instant(nullable=True)
    answered_by: int | None = foreign_id(nullable=True)

    @property
    def ends_on(self) -> date:
        return self.ended_on or self.last_day


class LendingUse(TenantTable, table=True):
    """How much a member used in a month of what was agreed: units times days. A month without a row was not noted."""

    __tablename__ = "lending_uses"
    __table_args__ = (
        in_group(),
        within_group("lending_id", "lendings"),
        ForeignKeyConstraint(["noted_by"], ["people.id"]),
        CheckConstraint("extract(day FROM month) = 1", name="month_by_its_first"),
        CheckConstraint("used >= 0", name="used_not_negative"),
    )

    lending_id: int = Field(primary_key=True, sa_type=BigInteger)
    month: date = Field(primary_key=True)
    used: int
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)

from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import (
    Table,
    TenantTable,
    foreign_id,
    identity,
    in_group,
    instant,
    one_of,
    sort_column,
    within_group,
)


class MemberKind(StrEnum):
    LEGAL_ENTITY = "legal_entity"
    INTERNAL_UNIT = "internal_unit"


class Role(StrEnum):
    FACILITATOR = "facilitator"
    READER = "reader"
    REFERENT = "referent"
    FINANCE = "finance"
    PURCHASING = "purchasing"
    LEAD_BUYER = "lead_buyer"


class Group(Table, table=True):
    __tablename__ = "groups"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_readable"),
        CheckConstraint("committee_every_months BETWEEN 1 AND 12", name="cadence"),
        CheckConstraint("quorum_percent BETWEEN 0 AND 99", name="quorum_is_percent"),
        one_of("school_zone", ("", "A", "B", "C")),
    )

    id: int = identity()
    slug: str
    """Its place in addresses: `/g/{slug}/…`."""
    name: str
    timezone: str = "Europe/Paris"
    fictional: bool = False
    """A demonstration: every page, mail and export says so."""
    second_factor_required: bool = False
    """Lead buyers, finance and facilitators give a second factor to enter."""
    lines_visible_to_all: bool = False
    """Every member sees every member's lines; by default only its own, with the group's totals."""
    committee_every_months: int = 3
    """The cadence of its committees."""
    quorum_percent: int | None = None
    """A formal committee needs more than this share of those invited to be present; None: no quorum."""
    school_zone: str = ""
    """Committees are not proposed in the school holidays of this zone: A, B or C, or of none."""
    archived_at: datetime | None = instant(nullable=True)
    """Nobody enters an archived group, and no reminder leaves it."""
    created_at: datetime = instant()

    @property
    def zone(self) -> ZoneInfo:
        """Where its days begin."""
        return ZoneInfo(self.timezone)


class Member(TenantTable, table=True):
    __tablename__ = "members"
    __table_args__ = (
        in_group(),
        within_group("parent_id", "members"),
        within_group("merged_into_id", "members"),
        UniqueConstraint("group_id", "code"),
        one_of("kind", MemberKind),
        CheckConstraint("(kind = 'internal_unit') = (parent_id IS NOT NULL)", name="unit_has_parent"),
        CheckConstraint("kind = 'internal_unit' OR code ~ '^[0-9]{9}$'", name="code_is_siren"),
        CheckConstraint("population >= 0 AND agents >= 0", name="sizes_not_negative"),
        CheckConstraint("(retired_on IS NULL) = (retired_because IS NULL)", name="retired_says_why"),
        CheckConstraint(
            "merged_into_id IS NULL OR (retired_on IS NOT NULL AND merged_into_id <> id)", name="merged_is_retired"
        ),
        Index(None, "group_id", "sort_key", "id"),
        Index(None, "group_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index(None, "group_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index("ix_members_retired", "group_id", "sort_key", "id", postgresql_where=text("retired_on IS NOT NULL")),
    )

    id: int = identity()
    kind: str = MemberKind.LEGAL_ENTITY
    code: str
    """The SIREN of a legal entity, the code that a unit has in its parent's books."""
    name: str
    sort_key: str = sort_column()
    parent_id: int | None = foreign_id(nullable=True)
    category: str = ""
    """In the group's words: commune, EPCI, université…"""
    insee: str | None = None
    population: int | None = None
    population_year: int | None = None
    """Of the directory's edition that the population was taken from; None where somebody typed it."""
    agents: int | None = None
    retired_on: date | None = None
    """The day on which it left the group; what was frozen keeps it."""
    retired_because: str | None = None
    merged_into_id: int | None = foreign_id(nullable=True)
    """The member that it became, with others: a commune nouvelle."""
    created_at: datetime = instant()


class Budget(TenantTable, table=True):
    """A budget of a member, on which its share of a purchase is charged."""

    __tablename__ = "budgets"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        UniqueConstraint("group_id", "member_id", "code"),
    )

    id: int = identity()
    member_id: int = foreign_id()
    code: str
    label: str


class Membership(TenantTable, table=True):
    """A person's role. Rows are ended, never deleted: the audit trail still names who did what."""

    __tablename__ = "memberships"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        within_group("member_id", "members"),
        within_group("purchase_id", "purchases"),
        one_of("role", Role),
        CheckConstraint(
            "(role IN ('referent', 'finance', 'purchasing')) = (member_id IS NOT NULL)", name="role_of_member"
        ),
        CheckConstraint("(role = 'lead_buyer') = (purchase_id IS NOT NULL)", name="role_of_purchase"),
        Index(
            "uq_memberships_held_once",
            "group_id",
            "person_id",
            "role",
            "member_id",
            "purchase_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "person_id", "group_id"),
        Index(None, "group_id", "member_id"),
    )

    id: int = identity()
    person_id: int = foreign_id()
    role: str
    member_id: int | None = foreign_id(nullable=True)
    purchase_id: int | None = foreign_id(nullable=True)
    started_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class RequestState(StrEnum):
    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"


ACCESS_REQUEST = StateMachine(
    noun="access_request",
    event_prefix="access",
    this="Cette demande",
    begins=frozenset({RequestState.PENDING}),
    transitions={
        RequestState.PENDING: frozenset({RequestState.GRANTED, RequestState.REFUSED}),
        RequestState.GRANTED: frozenset(),
        RequestState.REFUSED: frozenset(),
    },
    words={
        RequestState.PENDING: "En attente",
        RequestState.GRANTED: "Acceptée",
        RequestState.REFUSED: "Refusée",
    },
    tags={RequestState.PENDING: "waiting", RequestState.GRANTED: "done", RequestState.REFUSED: "cancelled"},
)


class AccessRequest(TenantTable, table=True):
    """Somebody asks to come in, or a référent asks for a colleague. The facilitator decides."""

    __tablename__ = "access_requests"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        ForeignKeyConstraint(["asked_by"], ["people.id"]),
        ForeignKeyConstraint(["decided_by"], ["people.id"]),
        one_of("state", RequestState),
        one_of("role", Role),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided_has_date"),
        Index(
            "uq_access_requests_pending_once",
            "group_id",
            "email",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: int = identity()
    email: str
    name: str
    function: str = ""
    role: str | None = None
    member_id: int | None = foreign_id(nullable=True)
    message: str = ""
    asked_by: int | None = foreign_id(nullable=True)
    state: str = RequestState.PENDING
    created_at: datetime = instant()
    decided_at: datetime | None = instant(nullable=True)
    decided_by: int | None = foreign_id(nullable=True)

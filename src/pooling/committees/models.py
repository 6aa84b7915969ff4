from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlmodel import Field

from pooling.kernel.about import About, about_one
from pooling.kernel.events import Event
from pooling.kernel.files import AttachedFile, File
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, recorded, within_group


class CommitteeKind(StrEnum):
    WORKING_GROUP = "working_group"
    STEERING = "steering"
    FORMAL = "formal"
    """Its members are convened so many clear days before."""


class CommitteeState(StrEnum):
    PLANNED = "planned"
    CONVENED = "convened"
    HELD = "held"
    MINUTED = "minuted"
    CANCELLED = "cancelled"


class Committee(TenantTable, table=True):
    __tablename__ = "committees"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["secretary_id"], ["people.id"]),
        within_group("minutes_file_id", str(File.__tablename__)),
        within_group("convocation_file_id", str(File.__tablename__)),
        one_of("kind", CommitteeKind),
        one_of("state", CommitteeState),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("clear_days IN (1, 3, 5)", name="clear_days"),
        Index(None, "group_id", "starts_at"),
        Index("ix_committees_search", text("to_tsvector('french'::regconfig, search_text)"), postgresql_using="gin"),
    )

    id: int = identity()
    kind: str = CommitteeKind.WORKING_GROUP
    title: str
    state: str = CommitteeState.PLANNED
    local_start: datetime = Field(sa_type=TIMESTAMP(timezone=False))
    """As the invitation says it, in the group's zone; due dates are counted from it."""
    starts_at: datetime = instant()
    """The same moment as an instant."""
    ends_at: datetime = instant()
    place: str = ""
    link: str = ""
    clear_days: int = 5
    """Of a formal committee: days between the convocation and the meeting, neither of them counted."""
    invited_roles: list[str] = Field(default_factory=list, sa_type=ARRAY(String))
    """Who holds one of them is invited, also who comes to hold it before the committee meets."""
    taken_off: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))
    """People whose invitation was taken back: their role does not invite them again."""
    convened_at: datetime | None = instant(nullable=True)
    """When its people were convened: who is invited later is convened at once."""
    convocation_file_id: int | None = foreign_id(nullable=True)
    """The PDF that they were convened with."""
    secretary_id: int | None = foreign_id(nullable=True)
    minutes: str = ""
    """Markdown, as last saved; `minutes_versions` has what came before."""
    minutes_version: int = 0
    minutes_file_id: int | None = foreign_id(nullable=True)
    """The published PDF."""
    published_at: datetime | None = instant(nullable=True)
    search_text: str = ""
    """What a search finds, folded by `kernel.text.search_text`: filled when the minutes are published."""
    revision: int = 1
    scheduled_at: datetime = instant()
    """When it was given its present date: offsets already past then are skipped."""
    created_at: datetime = instant()


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    PROXY = "proxy"
    """Will not come, and gives somebody who is invited the power to speak and vote."""


class Invitation(TenantTable, table=True):
    __tablename__ = "committee_invitations"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        ForeignKeyConstraint(["noted_by"], ["people.id"]),
        ForeignKeyConstraint(
            ["group_id", "committee_id", "proxy_id"],
            [f"committee_invitations.{key}" for key in ("group_id", "committee_id", "person_id")],
            name="fk_committee_invitations_proxy",
        ),
        one_of("answer", Answer),
        CheckConstraint("(answer IS NOT NULL AND answer = 'proxy') = (proxy_id IS NOT NULL)", name="proxy_named"),
        CheckConstraint("proxy_id <> person_id", name="proxy_is_another"),
        CheckConstraint("noted_by IS NULL OR answer IS NOT NULL", name="noted_answer"),
        Index(None, "person_id"),
    )

    committee_id: int = Field(primary_key=True, sa_type=BigInteger)
    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    invited_at: datetime = instant()
    """Somebody invited later gets what is still to come."""
    answer: str | None = None
    proxy_id: int | None = foreign_id(nullable=True)
    answered_at: datetime | None = instant(nullable=True)
    noted_by: int | None = foreign_id(nullable=True)
    """Who wrote the answer down for somebody who phoned; None when that person answered."""
    present: bool | None = None
    """On the attendance sheet; None while nobody has ticked it."""


class Topic(StrEnum):
    """Where an agenda item comes from: those that committees know themselves. Features bring others."""

    TYPED = "typed"
    FOLLOW_UP = "follow_up"
    """What earlier committees decided and is still open."""
    DIFFICULTY = "difficulty"


class AgendaItem(About, TenantTable, table=True):
    __tablename__ = "agenda_items"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        *about_one(),
        within_group("difficulty_id", "difficulties"),
        CheckConstraint("topic ~ '^[a-z_]+$'", name="topic_is_a_name"),
        CheckConstraint("(topic = 'difficulty') = (difficulty_id IS NOT NULL)", name="difficulty_named"),
        CheckConstraint("duration_minutes > 0", name="duration_positive"),
        UniqueConstraint("group_id", "committee_id", "difficulty_id"),
        Index(None, "group_id", "committee_id", "position"),
    )

    id: int = identity()
    committee_id: int = foreign_id()
    position: int
    title: str
    topic: str = Topic.TYPED
    duration_minutes: int | None = None
    presenter: str = ""
    difficulty_id: int | None = foreign_id(nullable=True)


class MinutesVersion(TenantTable, table=True):
    """The minutes as somebody left them. Saving again soon after writes the same version over."""

    __tablename__ = "minutes_versions"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        ForeignKeyConstraint(["written_by"], ["people.id"]),
    )

    committee_id: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    content: str
    written_by: int = foreign_id()
    begun_at: datetime = instant()
    written_at: datetime = instant()
    """When it was last written over."""
    recorded_at: datetime = recorded()


Event.__table__.append_constraint(within_group("decision_id", "decisions"))  # type: ignore[attr-defined]
AttachedFile.__table__.append_constraint(within_group("committee_id", "committees"))  # type: ignore[attr-defined]
AttachedFile.__table__.append_constraint(within_group("agenda_item_id", "agenda_items"))  # type: ignore[attr-defined]


class DifficultyState(StrEnum):
    RAISED = "raised"
    SETTLED = "settled"


class Difficulty(About, TenantTable, table=True):
    """What a member struggles with between two committees: on every agenda until it is settled."""

    __tablename__ = "difficulties"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        *about_one(),
        ForeignKeyConstraint(["raised_by"], ["people.id"]),
        ForeignKeyConstraint(["settled_by"], ["people.id"]),
        one_of("state", DifficultyState),
        CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled_once"),
        Index(None, "group_id", "state", "id"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    raised_by: int = foreign_id()
    member_id: int | None = foreign_id(nullable=True)
    """For which member; None when somebody raises it for the group."""
    content: str
    state: str = DifficultyState.RAISED
    settlement: str = ""
    raised_at: datetime = instant()
    settled_at: datetime | None = instant(nullable=True)
    settled_by: int | None = foreign_id(nullable=True)


class Guest(TenantTable, table=True):
    """Somebody who came without being invited: of the group, or from outside, named as the minutes will name them.
    A guest is among those present and does not count in the quorum.
    """

    __tablename__ = "committee_guests"
    __table_args__ = (
        in_group(),
        within_group("committee_id", "committees"),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        CheckConstraint("(person_id IS NULL) = (name <> '')", name="person_or_name"),
        UniqueConstraint("group_id", "committee_id", "person_id"),
    )

    id: int = identity()
    committee_id: int = foreign_id()
    person_id: int | None = foreign_id(nullable=True)
    name: str = ""
    noted_at: datetime = instant()

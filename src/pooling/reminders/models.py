from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of


class ReminderState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    SUPERSEDED = "superseded"
    MISSED = "missed"
    NOT_NEEDED = "not_needed"


REMINDER = StateMachine(
    noun="reminder",
    this="Cette relance",
    # A notice of change begins sent; one that nobody needs yet is planned once somebody does.
    begins=frozenset({ReminderState.PLANNED, ReminderState.SENT}),
    transitions={
        ReminderState.PLANNED: frozenset(ReminderState) - {ReminderState.PLANNED},
        # Its mail was taken back before it left, or failed and is to be tried again.
        ReminderState.SENT: frozenset({ReminderState.SUPERSEDED, ReminderState.NOT_NEEDED, ReminderState.PLANNED}),
        ReminderState.NOT_NEEDED: frozenset({ReminderState.PLANNED}),
        ReminderState.SUPERSEDED: frozenset(),
        ReminderState.MISSED: frozenset(),
    },
    words={
        ReminderState.PLANNED: "À envoyer",
        ReminderState.SENT: "Partie",
        ReminderState.SUPERSEDED: "Remplacée",
        ReminderState.MISSED: "Manquée",
        ReminderState.NOT_NEEDED: "Sans objet",
    },
    tags={
        ReminderState.PLANNED: "waiting",
        ReminderState.SENT: "done",
        ReminderState.SUPERSEDED: "cancelled",
        ReminderState.MISSED: "closed",
        ReminderState.NOT_NEEDED: "cancelled",
    },
)


class Reminder(TenantTable, table=True):
    """One person, told once, about one revision of one subject, at one offset from its date."""

    __tablename__ = "reminders"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        ForeignKeyConstraint(["message_id"], ["messages.id"]),
        UniqueConstraint("group_id", "kind", "subject_id", "person_id", "revision", "offset_days"),
        one_of("state", ReminderState),
        Index(None, "due_at", postgresql_where=text("state = 'planned'")),
        Index(None, "hastened_at", postgresql_where=text("state = 'planned' AND hastened_at IS NOT NULL")),
    )

    id: int = identity()
    kind: str
    subject_id: int = foreign_id()
    revision: int
    offset_days: int
    """Days from the subject's date: −7 is a week before, 1 the day after."""
    person_id: int = foreign_id()
    due_at: datetime = instant()
    hastened_at: datetime | None = instant(nullable=True)
    """When somebody asked for it to leave at once, before it is due."""
    useful_until: datetime = instant()
    state: str = ReminderState.PLANNED
    message_id: int | None = foreign_id(nullable=True)
    settled_at: datetime | None = instant(nullable=True)


class ReminderSetting(TenantTable, table=True):
    """What a group wants otherwise than the territory's configuration, for one kind. Empty: as configured."""

    __tablename__ = "reminder_settings"
    __table_args__ = (in_group(),)

    kind: str = Field(primary_key=True)
    active: bool = True
    offsets: list[int] | None = Field(default=None, nullable=True, sa_type=ARRAY(Integer))
    hour: time | None = None
    wording: str = ""
    """A few words of the facilitator's that every mail of this kind opens with."""
    changed_at: datetime = instant()
    """When the schedule was last another: what it would have had leave before then is not sent after all."""


class ReminderOptOut(TenantTable, table=True):
    """Somebody who does not want mails of a kind that are a comfort: told once by one click (RFC 8058).

    What is due until `ended_at` (while it is null: whatever is due) is not said to them.
    """

    __tablename__ = "reminder_opt_outs"
    __table_args__ = (in_group(), ForeignKeyConstraint(["person_id"], ["people.id"]))

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(primary_key=True)
    at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text

from pooling.kernel.tables import TenantTable, big, identity, in_group, instant, one_of


class ReminderState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    SUPERSEDED = "superseded"
    MISSED = "missed"
    NOT_NEEDED = "not_needed"


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
    )

    id: int = identity()
    kind: str
    subject_id: int = big()
    revision: int
    offset_days: int
    """Days from the subject's date: −7 is a week before, 1 the day after."""
    person_id: int = big()
    due_at: datetime = instant()
    useful_until: datetime = instant()
    state: str = ReminderState.PLANNED
    message_id: int | None = big(nullable=True)
    settled_at: datetime | None = instant(nullable=True)

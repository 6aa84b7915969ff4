from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import Table, foreign_id, identity, instant, one_of


class MessageState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


MESSAGE = StateMachine(
    noun="message",
    this="Ce courriel",
    begins=frozenset({MessageState.QUEUED}),
    transitions={
        # Taken back before it left, it counts as failed and says so.
        MessageState.QUEUED: frozenset({MessageState.SENDING, MessageState.FAILED}),
        # A lease that ran out is taken up by another worker.
        MessageState.SENDING: frozenset(MessageState),
        MessageState.SENT: frozenset({MessageState.FAILED}),  # it came back
        MessageState.FAILED: frozenset(),
    },
    words={
        MessageState.QUEUED: "En attente",
        MessageState.SENDING: "En cours d’envoi",
        MessageState.SENT: "Parti",
        MessageState.FAILED: "En échec",
    },
    tags={
        MessageState.QUEUED: "waiting",
        MessageState.SENDING: "waiting",
        MessageState.SENT: "done",
        MessageState.FAILED: "overdue",
    },
)


IS_WAITING = "state IN ('queued', 'sending')"
"""SQL, of a message: it has not left."""
HAS_FAILED = "state = 'failed'"


class Message(Table, table=True):
    """A mail.

    `group_id` is null for what concerns no group (a sign-in code): such rows are visible only to a
    transaction opened for no group.
    """

    __tablename__ = "messages"
    __table_args__ = (
        ForeignKeyConstraint(["group_id"], ["groups.id"]),
        ForeignKeyConstraint(["person_id"], ["people.id"]),
        one_of("state", MessageState),
        Index(None, "priority", "next_try_at", "id", postgresql_where=text(IS_WAITING)),
        Index(None, "group_id", "created_at", postgresql_where=text(IS_WAITING)),
        Index("ix_messages_failed", "group_id", "id", postgresql_where=text(HAS_FAILED)),
        Index(None, "group_id", "id"),
    )

    id: int = identity()
    group_id: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    person_id: int | None = foreign_id(nullable=True)
    kind: str
    recipient: str
    subject: str
    body_text: str
    body_html: str
    calendar: str | None = None
    """An .ics text that goes along; its METHOD is read from it."""
    attachments: list[int] = Field(default_factory=list, sa_type=ARRAY(BigInteger))
    """Ids of the group's files that go along."""
    sender_name: str = ""
    """Whom it comes from, besides the installation's address: the group."""
    thread: str = ""
    reply_to: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Whom its reader answers, with commas; empty: the installation's address."""
    unsubscribe_url: str | None = None
    """Of a mail that its reader may do without: where one click stops its kind (RFC 8058)."""
    state: str = MessageState.QUEUED
    priority: int = 1
    """0 goes before all others: somebody is waiting for it in front of a screen."""
    attempts: int = 0
    """How often the mail server answered "not now" for this very message."""
    lease: str | None = None
    next_try_at: datetime = instant()
    """When to try (again); while `sending`, when the lease expires."""
    expires_at: datetime | None = instant(nullable=True)
    """After this it is not worth sending (a sign-in code no longer valid)."""
    error: str | None = None
    created_at: datetime = instant()
    sent_at: datetime | None = instant(nullable=True)

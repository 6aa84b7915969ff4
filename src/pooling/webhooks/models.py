from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group
from pooling.webhooks.watching import watch_events


class Stopped(StrEnum):
    """Why nothing is sent to an address any more."""

    BY_HAND = "by_hand"
    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


DELIVERY = StateMachine(
    noun="webhook_delivery",
    this="Cet envoi",
    begins=frozenset({DeliveryState.WAITING}),
    transitions={
        DeliveryState.WAITING: frozenset({DeliveryState.SENDING, DeliveryState.FAILED}),
        # A lease that ran out is taken up by another worker.
        DeliveryState.SENDING: frozenset(DeliveryState),
        # Sent once more, at a facilitator's wish.
        DeliveryState.DELIVERED: frozenset({DeliveryState.WAITING}),
        DeliveryState.FAILED: frozenset({DeliveryState.WAITING}),
    },
    words={
        DeliveryState.WAITING: "En attente",
        DeliveryState.SENDING: "En cours d’envoi",
        DeliveryState.DELIVERED: "Reçu",
        DeliveryState.FAILED: "Abandonné",
    },
    tags={
        DeliveryState.WAITING: "waiting",
        DeliveryState.SENDING: "waiting",
        DeliveryState.DELIVERED: "done",
        DeliveryState.FAILED: "overdue",
    },
)


class Webhook(TenantTable, table=True):
    """An address that is told of events."""

    __tablename__ = "webhooks"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["created_by"], ["people.id"]),
        UniqueConstraint("group_id", "url"),
        one_of("stopped", Stopped),
        CheckConstraint("cardinality(kinds) > 0", name="told_of_something"),
        CheckConstraint("(former_secret IS NULL) = (former_until IS NULL)", name="former_secret_ends"),
        CheckConstraint("(stopped IS NULL) = (stopped_at IS NULL)", name="stopped_has_date"),
    )

    id: int = identity()
    url: str
    label: str
    """Which program it is."""
    kinds: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    """Names of events, as the journal has them."""
    secret: bytes = Field(sa_type=LargeBinary)
    """Signs what is sent; encrypted with the installation's key."""
    former_secret: bytes | None = Field(default=None, nullable=True, sa_type=LargeBinary)
    """The one before, which signs too until its time is over."""
    former_until: datetime | None = instant(nullable=True)
    failing_since: datetime | None = instant(nullable=True)
    """When the first failed of the tries that have all failed since the last that did not."""
    stopped: str | None = None
    stopped_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()
    created_by: int | None = foreign_id(nullable=True)


class WebhookDelivery(TenantTable, table=True):
    """An event that an address is told of. Written in the event's own transaction (`watching.py`)."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        in_group(),
        within_group("webhook_id", "webhooks", ondelete="CASCADE"),
        within_group("event_id", "events"),
        UniqueConstraint("group_id", "webhook_id", "event_id"),
        one_of("state", DeliveryState),
        CheckConstraint("(state = 'sending') = (lease IS NOT NULL)", name="leased_while_sending"),
        CheckConstraint("(state IN ('delivered', 'failed')) = (ended_at IS NOT NULL)", name="ended_has_date"),
        Index("ix_webhook_deliveries_due", "next_try_at", postgresql_where=text("state IN ('waiting', 'sending')")),
        Index(None, "group_id", "ended_at"),
    )

    id: int = identity()
    webhook_id: int = foreign_id()
    event_id: int = foreign_id()
    state: str = DeliveryState.WAITING
    tries: int = 0
    next_try_at: datetime = instant()
    """When to try (again); while `sending`, when the lease expires."""
    lease: str | None = None
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class WebhookAttempt(TenantTable, table=True):
    """A try, and what came of it."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        in_group(),
        within_group("webhook_id", "webhooks", ondelete="CASCADE"),
        within_group("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
        CheckConstraint("(status IS NULL) = (error <> '')", name="answered_or_failed"),
        Index(None, "group_id", "webhook_id", "id"),
        Index(None, "group_id", "delivery_id"),
    )

    id: int = identity()
    webhook_id: int = foreign_id()
    delivery_id: int = foreign_id()
    at: datetime = instant()
    milliseconds: int
    status: int | None = None
    """What the address answered; None: nothing."""
    error: str = ""
    """Why nothing was answered, as `sending.Trouble` names it."""


watch_events()

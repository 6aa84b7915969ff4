"""Reads about webhooks: the group's addresses, and what was tried."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import Event
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.webhooks.models import DeliveryState, Webhook, WebhookAttempt, WebhookDelivery

_LATEST_FIRST = Order(col(WebhookAttempt.id), latest_first=True)


@dataclass(frozen=True)
class AttemptShown:
    id: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str
    delivery_id: int
    state: str
    event: str
    """Its name."""
    happened_at: datetime


async def webhooks_of_group(session: AsyncSession) -> list[Webhook]:
    """In the order in which they were added; a group has few."""
    return list((await session.execute(select(Webhook).order_by(col(Webhook.id)))).scalars())


async def attempts_listed(session: AsyncSession, webhook_id: int, part: Slice) -> Listed[AttemptShown]:
    """What was tried at an address, the latest first."""
    statement = (
        select(
            col(WebhookAttempt.id),
            col(WebhookAttempt.at),
            col(WebhookAttempt.milliseconds),
            col(WebhookAttempt.status),
            col(WebhookAttempt.error),
            col(WebhookDelivery.id),
            col(WebhookDelivery.state),
            col(Event.name),
            col(Event.at),
        )
        .select_from(WebhookAttempt)
        .join(WebhookDelivery, linked(WebhookDelivery.id, WebhookAttempt.delivery_id))
        .join(Event, linked(Event.id, WebhookDelivery.event_id))
        .where(col(WebhookAttempt.webhook_id) == webhook_id)
    )
    return (await _LATEST_FIRST.read(session, statement, part)).each(lambda row: AttemptShown(*row))


async def count_waiting(session: AsyncSession, webhook_id: int) -> int:
    """Deliveries that are still to be tried."""
    counted = await session.execute(
        select(func.count()).where(
            col(WebhookDelivery.webhook_id) == webhook_id,
            col(WebhookDelivery.state).in_([DeliveryState.WAITING, DeliveryState.SENDING]),
        )
    )
    waiting: int = counted.scalar_one()
    return waiting

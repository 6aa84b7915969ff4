"""What is forgotten with time: what was sent, and what came of it."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.limits import Readers, limit
from pooling.webhooks.models import WebhookDelivery

KEPT = limit(timedelta(days=30), "What was sent to webhooks can be seen, and sent again", __name__, Readers.OPERATORS)


async def forget_deliveries(session: AsyncSession, clock: Clock) -> None:
    """A chore: what ended long enough ago goes, with its attempts."""
    await session.execute(
        delete(WebhookDelivery)
        .where(col(WebhookDelivery.ended_at) <= clock.now() - KEPT)
        .execution_options(synchronize_session=False)
    )

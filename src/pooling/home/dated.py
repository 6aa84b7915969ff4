"""What has a date ahead that people meant in the group's zone: said before the zone would give it another hour."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee
from pooling.committees.rules import TO_COME
from pooling.purchases.models import Purchase, PurchaseState
from pooling.web.typography import date_long, plural

NAMED_AT_MOST = 5


async def dated_ahead(session: AsyncSession, now: datetime) -> list[str]:
    """Committees to come and open collections, in words, the nearest first."""
    committees = await session.execute(
        select(col(Committee.title), col(Committee.local_start))
        .where(col(Committee.state).in_([str(state) for state in TO_COME]), col(Committee.starts_at) > now)
        .order_by(col(Committee.starts_at), col(Committee.id))
    )
    collections = await session.execute(
        select(col(Purchase.reference))
        .where(col(Purchase.state) == PurchaseState.OPEN)
        .order_by(col(Purchase.closes_at), col(Purchase.id))
    )
    dated = [f"comité «\u00a0{title}\u00a0» du {date_long(local_start.date())}" for title, local_start in committees]
    dated += [f"collecte de {reference}" for reference in collections.scalars()]
    more = len(dated) - NAMED_AT_MOST
    return [*dated[:NAMED_AT_MOST], *([plural(more, "autre")] if more > 0 else [])]

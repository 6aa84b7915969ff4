"""What opinions are asked about, in words: many meetings have one title, so that the day goes along."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.words import committee_day
from pooling.committees.models import Committee
from pooling.kernel.tables import any_of
from pooling.purchases.models import Purchase
from pooling.satisfaction.rules import About


async def titles_of(session: AsyncSession, about: About, ids: Sequence[int]) -> dict[int, str]:
    """Of purchases or committees, by their ids, in one statement."""
    if about is About.PURCHASE:
        found = await session.execute(
            select(col(Purchase.id), col(Purchase.title)).where(any_of(col(Purchase.id), ids))
        )
        return {key: title for key, title in found}
    held = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.local_start)).where(
            any_of(col(Committee.id), ids)
        )
    )
    return {key: f"{title} du {committee_day(start)}" for key, title, start in held}

"""How many take part: whether what is computed of them all belongs in a process apart."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.apart import is_apart
from pooling.kernel.tables import any_of
from pooling.purchases.models import Participation

MANY = 1_000
"""Members beyond which computing takes long enough for others to notice."""


async def count_participants(session: AsyncSession, purchase_id: int, up_to: int) -> int:
    """No further than that."""
    some = select(col(Participation.member_id)).where(col(Participation.purchase_id) == purchase_id).limit(up_to)
    return (await session.execute(select(func.count()).select_from(some.subquery()))).scalar_one()


async def having_many(session: AsyncSession, purchases: Collection[int]) -> set[int]:
    """Those of these purchases of which `has_many` is so."""
    if is_apart():
        return set()
    found = await session.execute(
        select(col(Participation.purchase_id))
        .where(any_of(col(Participation.purchase_id), purchases))
        .group_by(col(Participation.purchase_id))
        .having(func.count() > MANY)
    )
    return set(found.scalars())


async def has_many(session: AsyncSession, purchase_id: int) -> bool:
    """Whether there are so many, and this is not the process apart itself."""
    if is_apart():
        return False
    return await count_participants(session, purchase_id, MANY + 1) > MANY

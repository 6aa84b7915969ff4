"""Forgetting people who left: the person is blanked, the trail of what it did stays."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from pooling.kernel.database import Database
from pooling.members.features import Forget


async def purge(database: Database, forgets: Sequence[Forget], now: datetime, after: timedelta) -> int:
    """Blanks everybody who has held no role in any group for so long; forgets in every group what features keep of
    people and is as old. Returns how many people.
    """
    before = now - after
    async with database.transaction() as session:
        blanked: int = (
            await session.execute(text("SELECT purge_people(:before, :now)"), {"before": before, "now": now})
        ).scalar_one()
    await forget_in_groups(database, forgets, before)
    return blanked


async def forget_in_groups(database: Database, forgets: Sequence[Forget], moment: datetime) -> None:
    """In every group, archived ones too: a transaction sees one only."""
    async with database.transaction() as session:
        groups = (await session.execute(text("SELECT id FROM groups_with_sizes()"))).scalars().all()
    for group_id in groups:
        async with database.transaction(group_id) as session:
            for forget in forgets:
                await forget(session, moment)

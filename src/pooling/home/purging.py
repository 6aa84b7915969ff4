"""Forgetting people who left: the person is blanked, the trail of what it did stays."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, text
from sqlmodel import col

from pooling.committees.invitations.guests import forget_guests
from pooling.kernel.database import Database
from pooling.members.models import AccessRequest


async def purge(database: Database, now: datetime, after: timedelta) -> int:
    """Blanks everybody who has held no role in any group for so long; forgets in every group the requests for access
    and the names of guests that are as old. Returns how many people.
    """
    before = now - after
    async with database.transaction() as session:
        blanked: int = (
            await session.execute(text("SELECT purge_people(:before, :now)"), {"before": before, "now": now})
        ).scalar_one()
        groups = (await session.execute(text("SELECT id FROM groups_with_sizes()"))).scalars().all()
    for group_id in groups:  # a transaction sees one group only
        async with database.transaction(group_id) as session:
            await session.execute(
                delete(AccessRequest).where(
                    func.coalesce(col(AccessRequest.decided_at), col(AccessRequest.created_at)) < before
                )
            )
            await forget_guests(session, before)
    return blanked

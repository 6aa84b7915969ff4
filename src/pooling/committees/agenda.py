"""What a committee will speak about, in order."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import AgendaItem, Topic
from pooling.committees.rules import agenda_points
from pooling.committees.service import lock_committee, record, require_to_come
from pooling.kernel.database import insert_many
from pooling.members.rights import Caller


async def add_items(session: AsyncSession, committee_id: int, titles: Sequence[str]) -> None:
    """The first items of a new committee."""
    rows = [
        {"committee_id": committee_id, "position": position, "title": title, "topic": str(Topic.TYPED), "presenter": ""}
        for position, title in enumerate(titles, start=1)
    ]
    await insert_many(session, AgendaItem, rows)


async def write_agenda(session: AsyncSession, caller: Caller, committee_id: int, agenda: str, now: datetime) -> None:
    """Replaces the agenda. Reminders still to come carry the new one.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    await session.execute(delete(AgendaItem).where(col(AgendaItem.committee_id) == committee_id))
    await add_items(session, committee_id, agenda_points(agenda))
    record(session, caller, committee, "agenda_written", now)

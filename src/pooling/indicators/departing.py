"""Days that were given stay given; those of members that become one are that one's."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.indicators.models import AgentDays
from pooling.kernel.tables import any_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:  # noqa: ARG001 - what it gave stands by itself
    return []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    await session.execute(
        update(AgentDays)
        .where(any_of(col(AgentDays.member_id), merging.ids))
        .values(member_id=merging.becomes.id)
        .execution_options(synchronize_session=False)
    )


DEPARTURE = Departure(ties=_ties, merge=_merge)

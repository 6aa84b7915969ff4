"""What a member said of its FCTVA goes with what it was: those that become one say it anew."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.finances.models import FctvaDelay
from pooling.kernel.tables import any_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:  # noqa: ARG001 - recovery tells what it owes
    return []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    await session.execute(delete(FctvaDelay).where(any_of(col(FctvaDelay.member_id), merging.ids)))


DEPARTURE = Departure(ties=_ties, merge=_merge)

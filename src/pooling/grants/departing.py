"""A member that leaves keeps what it asked for; those that become one bring their files."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.grants.models import Grant
from pooling.kernel.tables import any_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member
from pooling.web.typography import plural


async def _count(session: AsyncSession, members: Sequence[int]) -> int:
    counted = await session.execute(select(func.count()).where(any_of(col(Grant.member_id), members)))
    return counted.scalar_one()


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    many = await _count(session, [member.id])
    said = plural(many, "dossier de subvention reste", "dossiers de subvention restent")
    return [Tie(f"{said} à suivre.")] if many else []


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    many = await _count(session, [one.id for one in members if becomes is None or one.id != becomes.id])
    return [Tie(f"{plural(many, 'dossier de subvention suit', 'dossiers de subvention suivent')}.")] if many else []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    await session.execute(
        update(Grant)
        .where(any_of(col(Grant.member_id), merging.ids))
        .values(member_id=merging.becomes.id)
        .execution_options(synchronize_session=False)
    )


DEPARTURE = Departure(ties=_ties, merge_ties=_merge_ties, merge=_merge)

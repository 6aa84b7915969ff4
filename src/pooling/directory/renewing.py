"""Populations that change each January: where members differ from the directory, renewed for those that are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.directory.models import Authority
from pooling.directory.queries import current_year
from pooling.kernel.tables import any_of
from pooling.members.changing import change_members
from pooling.members.locking import lock_group
from pooling.members.models import Member, MemberKind
from pooling.members.rights import Caller, Right


@dataclass(frozen=True)
class Difference:
    """A member whose population, its year or INSEE code is not the directory's."""

    member_id: int
    siren: str
    name: str
    population: int | None
    population_year: int | None
    listed: int
    """Its population in the directory."""
    insee: str | None
    listed_insee: str | None


async def differences(
    session: AsyncSession, *, sirens: Sequence[str] | None = None, most: int | None = None
) -> list[Difference]:
    """Of the group's members, or of these; in French order."""
    year = await current_year(session)
    differs: ColumnElement[bool] = or_(
        col(Member.population).is_distinct_from(col(Authority.population)),
        col(Member.population_year).is_distinct_from(year),
        col(Member.insee).is_distinct_from(col(Authority.insee)),
    )
    statement = (
        select(
            col(Member.id),
            col(Member.code),
            col(Member.name),
            col(Member.population),
            col(Member.population_year),
            col(Authority.population),
            col(Member.insee),
            col(Authority.insee),
        )
        .join(Authority, col(Authority.siren) == col(Member.code))
        .where(col(Member.kind) == MemberKind.LEGAL_ENTITY, col(Member.retired_on).is_(None), differs)
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(most)
    )
    if sirens is not None:
        statement = statement.where(any_of(col(Member.code), sirens))
    return [Difference(*row) for row in await session.execute(statement)]


async def renew_members(session: AsyncSession, caller: Caller, sirens: Sequence[str] | None, now: datetime) -> int:
    """Gives these members (None: all) the population and INSEE code of the directory, with its year; gives how many
    differed. Key values that purchases froze stay as they were.

    Raises:
        Forbidden: the caller does not manage members.
    """
    caller.require(Right.MANAGE_MEMBERS)
    return await renew(session, sirens, now, by=caller.person_id)


async def renew(session: AsyncSession, sirens: Sequence[str] | None, now: datetime, *, by: int | None) -> int:
    """The same for a command."""
    await lock_group(session)
    year = await current_year(session)
    wanted = {
        one.member_id: {"population": one.listed, "population_year": year, "insee": one.listed_insee}
        for one in await differences(session, sirens=sirens)
    }
    return await change_members(session, wanted, now, by=by)

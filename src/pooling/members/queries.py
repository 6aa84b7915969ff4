"""Reads about members."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Member, Membership

MEMBERS_BY_NAME = Order(col(Member.sort_key), col(Member.id))


@dataclass(frozen=True)
class MemberShown:
    id: int
    code: str
    kind: str
    name: str
    category: str
    parent: str | None
    insee: str | None
    population: int | None
    population_year: int | None
    agents: int | None
    retired_on: date | None
    retired_because: str | None
    became: tuple[str, str] | None
    """Code and name of the member that it has become."""
    people: int
    """How many persons hold a role of this member."""


async def any_retired(session: AsyncSession) -> bool:
    """Whether a member has left the group."""
    return bool(await session.scalar(select(exists().where(col(Member.retired_on).is_not(None)))))


async def member_list(session: AsyncSession, wanted: Slice, *, retired: bool = False) -> Listed[MemberShown]:
    """The group's members in French order, or those that left it."""
    parent, became = aliased(Member), aliased(Member)
    people = (
        select(func.count(func.distinct(col(Membership.person_id))))
        .where(
            linked(Membership.member_id, Member.id),
            col(Membership.ended_at).is_(None),
        )
        .scalar_subquery()
    )
    statement = select(
        col(Member.id),
        col(Member.code),
        col(Member.kind),
        col(Member.name),
        col(Member.category),
        col(parent.name),
        col(Member.insee),
        col(Member.population),
        col(Member.population_year),
        col(Member.agents),
        col(Member.retired_on),
        col(Member.retired_because),
        col(became.code),
        col(became.name),
        people,
    ).outerjoin(parent, linked(parent.id, Member.parent_id))
    statement = statement.outerjoin(became, linked(became.id, Member.merged_into_id))
    left = col(Member.retired_on)
    statement = statement.where(left.is_not(None) if retired else left.is_(None))
    return (await MEMBERS_BY_NAME.read(session, statement, wanted)).each(_shown)


def _shown(row: tuple[Any, ...]) -> MemberShown:
    *known, code, name, people = row
    became = (code, name) if code else None
    return MemberShown(*known, became, people)  # type: ignore[call-arg]  # as the statement has them

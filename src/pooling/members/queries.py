"""Reads about members."""

from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.tables import linked
from pooling.members.models import Member, Membership

PAGE_SIZE = 50


@dataclass(frozen=True)
class MemberShown:
    id: int
    code: str
    kind: str
    name: str
    sort_key: str
    category: str
    parent: str | None
    population: int | None
    agents: int | None
    people: int
    """How many persons hold a role of this member."""


async def member_list(
    session: AsyncSession, *, after: tuple[str, int] | None = None, size: int = PAGE_SIZE
) -> tuple[list[MemberShown], tuple[str, int] | None]:
    """A page of the group's members in French order, and the key where the next page starts."""
    parent = aliased(Member)
    people = (
        select(func.count(func.distinct(col(Membership.person_id))))
        .where(
            linked(Membership.member_id, Member.id),
            col(Membership.ended_at).is_(None),
        )
        .scalar_subquery()
    )
    statement = (
        select(
            col(Member.id),
            col(Member.code),
            col(Member.kind),
            col(Member.name),
            col(Member.sort_key),
            col(Member.category),
            col(parent.name),
            col(Member.population),
            col(Member.agents),
            people,
        )
        .outerjoin(parent, linked(parent.id, Member.parent_id))
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(size + 1)
    )
    if after is not None:
        statement = statement.where(tuple_(col(Member.sort_key), col(Member.id)) > after)
    found = [MemberShown(*row) for row in await session.execute(statement)]
    shown = found[:size]
    return shown, (shown[-1].sort_key, shown[-1].id) if len(found) > size else None

"""Reads about members."""

from dataclasses import dataclass

from sqlalchemy import func, select
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
    people: int
    """How many persons hold a role of this member."""


async def member_list(session: AsyncSession, wanted: Slice) -> Listed[MemberShown]:
    """The group's members in French order."""
    parent = aliased(Member)
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
        people,
    ).outerjoin(parent, linked(parent.id, Member.parent_id))
    return (await MEMBERS_BY_NAME.read(session, statement, wanted)).each(lambda row: MemberShown(*row))

"""A new group after another one: its settings and what features keep of them, and if wanted its members. Never people,
purchases, nor anything that was said there.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.tables import linked
from pooling.members.adding import MemberIn, UnitIn, add_members
from pooling.members.groups import GroupSettings, enter_any_group, read_settings
from pooling.members.models import Group, Member, MemberKind

Paste: TypeAlias = Callable[[AsyncSession, datetime], Awaitable[None]]
"""Writes in the new group what was read in the other one."""
CopyOfGroup: TypeAlias = Callable[[AsyncSession], Awaitable[Paste]]
"""Reads in the transaction's group what a feature keeps of a group's settings."""

_TAKEN_OVER = (
    *("second_factor_required", "lines_visible_to_all", "committee_every_months", "quorum_percent", "school_zone"),
)


@dataclass(frozen=True)
class GroupModel:
    """What was read of a group."""

    slug: str
    settings: GroupSettings
    members: Sequence[MemberIn | UnitIn]
    pastes: Sequence[Paste]

    async def paste(self, session: AsyncSession, group: Group, now: datetime) -> None:
        """Into the transaction's group, which is new."""
        for name in _TAKEN_OVER:
            setattr(group, name, getattr(self.settings, name))
        if self.members:
            await add_members(session, self.members, now)
        for paste in self.pastes:
            await paste(session, now)


async def read_model(
    session: AsyncSession, slug: str, copies: Sequence[CopyOfGroup], *, with_members: bool
) -> GroupModel:
    """Goes into the group of this address, which need not be one of the caller's: who may ask is checked before.

    Raises:
        NotFound: there is none.
    """
    await enter_any_group(session, slug)
    return GroupModel(
        slug=slug,
        settings=await read_settings(session),
        members=await _members(session) if with_members else (),
        pastes=[await copy(session) for copy in copies],
    )


async def _members(session: AsyncSession) -> list[MemberIn | UnitIn]:
    """Those that are there."""
    parent = aliased(Member)
    rows = await session.execute(
        select(Member, col(parent.code))
        .outerjoin(parent, linked(parent.id, Member.parent_id))
        .where(col(Member.retired_on).is_(None))
        .order_by(col(Member.id))
    )
    return [_member(one, above) for one, above in rows]


def _member(one: Member, parent: str | None) -> MemberIn | UnitIn:
    same = {"code": one.code, "name": one.name, "category": one.category, "agents": one.agents}
    if one.kind == MemberKind.INTERNAL_UNIT:
        return UnitIn.model_validate({**same, "population": one.population, "parent": parent})
    numbers = {"insee": one.insee, "population": one.population, "population_year": one.population_year}
    return MemberIn.model_validate({**same, **numbers})

"""Members join the group (`pooling.members.adding` writes them)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import record_events
from pooling.members.adding import MemberIn, UnitIn, add_members
from pooling.members.locking import lock_group
from pooling.members.models import Member
from pooling.members.rights import Caller, Right


async def admit_member(session: AsyncSession, caller: Caller, command: MemberIn | UnitIn, now: datetime) -> Member:
    """Adds a legal entity, or a unit of one.

    Raises:
        Forbidden: the caller does not manage members.
        Conflict: the code is already taken.
        Invalid: a unit's parent is not a member.
    """
    caller.require(Right.MANAGE_MEMBERS)
    await lock_group(session)
    await admit_members(session, [command], now, by=caller.person_id)
    found = await session.execute(select(Member).where(col(Member.code) == command.code))
    member: Member = found.scalar_one()
    return member


async def admit_members(
    session: AsyncSession, commands: Sequence[MemberIn | UnitIn], now: datetime, *, by: int | None
) -> None:
    """Adds any number, each with its event, in a group that is locked.

    Raises:
        Conflict: a code is already taken.
        Invalid: a unit's parent is not a member.
    """
    ids = await add_members(session, commands, now)
    await record_events(
        session,
        at=now,
        person_id=by,
        kind="member",
        name="member.added",
        each={ids[one.code]: {"code": one.code, "name": one.name, "kind": str(one.kind)} for one in commands},
    )

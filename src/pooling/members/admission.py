"""A member joins the group, one at a time (lists come in through `pooling.members.importing`)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import record_event
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
    ids = await add_members(session, [command], now)
    found = await session.execute(select(Member).where(col(Member.id) == ids[command.code]))
    member: Member = found.scalar_one()
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("member", member.id),
        name="member.added",
        details={"code": member.code, "name": member.name, "kind": str(member.kind)},
    )
    return member

"""Members that leave the group, and come back. What was frozen keeps them; nothing else does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import Event, record_event
from pooling.kernel.tables import any_of
from pooling.members.changing import member_by_code
from pooling.members.departures import Leaving, Tie
from pooling.members.features import features_for
from pooling.members.inviting import InvitationIn, give_roles
from pooling.members.locking import lock_group
from pooling.members.mails import Sender
from pooling.members.membership import end_roles_of
from pooling.members.models import Member, Membership, Role
from pooling.members.rights import Caller, Right
from pooling.reminders.kinds import Context

SAY_WHY = "Dites pourquoi : le journal le garde, et la page du membre le dit."
NOT_YET = "Indiquez le jour où il a quitté le groupe : aujourd’hui au plus tard."


class StillHeld(Conflict):
    """Something of the member is under way."""

    code = "member_in_use"

    def __init__(self, member: Member, ties: Sequence[Tie]) -> None:
        super().__init__(f"{member.name} ne peut pas encore quitter le groupe. {' '.join(tie.said for tie in ties)}")


@dataclass(frozen=True)
class RetirementIn:
    """Since when a member is no longer of the group, and why."""

    on: date
    reason: str


async def retire_member(
    session: AsyncSession, caller: Caller, code: str, command: RetirementIn, now: datetime, today: date
) -> Member:
    """A member leaves the group: its people lose their roles of it; purchases in preparation go on without it, and so
    do collections for which it filed nothing. What is frozen, ordered or closed keeps it.

    Raises:
        Forbidden: the caller does not manage members.
        NotFound: there is no such member.
        Invalid: no reason is given, or the day is to come.
        Conflict: it has left already; or something of it is under way, which is said.
    """
    caller.require(Right.MANAGE_MEMBERS)
    return await retire(session, code, command, now, today, by=caller.person_id)


async def retire(
    session: AsyncSession, code: str, command: RetirementIn, now: datetime, today: date, *, by: int | None
) -> Member:
    """The same for a command."""
    _check(command, today)
    member = await member_by_code(session, code)
    await lock_alone(session, [member.id])
    if member.retired_on is not None:
        raise Conflict(f"{member.name} a déjà quitté le groupe.", code="member_retired")
    features = features_for(session)
    kept = [tie for tie in await features.ties(session, member) if tie.keeps]
    if kept:
        raise StillHeld(member, kept)
    await features.leave(session, Leaving(member, command.reason, now, by))
    await end_roles_of(session, [member.id], now, by=by)
    member.retired_on, member.retired_because = command.on, command.reason
    record_event(
        session,
        at=now,
        person_id=by,
        subject=("member", member.id),
        name="member.retired",
        reason=command.reason,
        details={"on": command.on.isoformat()},
    )
    await session.flush()
    return member


def _check(command: RetirementIn, today: date) -> None:
    errors = {}
    if not command.reason or len(command.reason) > LONGEST_REASON:
        errors["reason"] = SAY_WHY
    if command.on > today:
        errors["on"] = NOT_YET
    if errors:
        raise Invalid(errors)


async def lock_alone(session: AsyncSession, members: Sequence[int]) -> Sequence[Member]:
    """These members as they stand once nobody else works on anything of theirs: first their purchases and collections,
    which others lock before the group; then the group; then themselves, against whoever has them take part in something
    new. What that was is locked at last.
    """
    features = features_for(session)
    await features.lock_for_departure(session, members)
    await lock_group(session)
    found = await session.execute(
        select(Member)
        .where(any_of(col(Member.id), members))
        .order_by(col(Member.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    held = found.scalars().all()
    await features.lock_for_departure(session, members)
    return held


async def require_present(session: AsyncSession, members: Sequence[int], field: str) -> None:
    """None of these members has left the group, nor does before the transaction ends.

    Raises:
        Invalid: one has, told at this field.
    """
    held = select(col(Member.id)).where(any_of(col(Member.id), members), col(Member.retired_on).is_(None))
    standing = held.with_for_update(read=True, key_share=True).cte("standing")
    count = await session.scalar(select(func.count()).select_from(standing))
    if count != len(set(members)):
        gone = await session.execute(
            select(col(Member.name))
            .where(any_of(col(Member.id), members), col(Member.retired_on).is_not(None))
            .order_by(col(Member.sort_key))
        )
        names = enumerated(list(gone.scalars()))
        raise Invalid({field: f"A quitté le groupe : {names}." if names else "Choisissez un membre du groupe."})


@dataclass(frozen=True)
class FormerRole:
    """A role that somebody lost when the member left."""

    email: str
    name: str
    role: Role


async def former_roles(session: AsyncSession, member_id: int) -> list[FormerRole]:
    """The roles that ended when the member left the group, of people who are still known."""
    left = (
        select(func.max(col(Event.at)))
        .where(
            col(Event.subject_kind) == "member",
            col(Event.subject_id) == member_id,
            col(Event.name) == "member.retired",
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        select(col(Person.email), col(Person.name), col(Membership.role))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(
            col(Membership.member_id) == member_id,
            col(Membership.ended_at) == left,
            col(Person.purged_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    return [FormerRole(email, name, Role(role)) for email, name, role in rows]


async def take_member_back(
    session: AsyncSession,
    caller: Caller,
    code: str,
    now: datetime,
    *,
    reason: str = "",
    roles: tuple[Sender, Context] | None = None,
) -> Member:
    """A member that left is of the group again. With `roles`, who lost theirs when it left have them again and are told
    by mail. What it no longer takes part in, it is added to anew.

    Raises:
        Forbidden: the caller does not manage members.
        NotFound: there is no such member.
        Conflict: it did not leave, has become another member, or belongs to one that left.
        TooMany: the caller invited too many today.
    """
    caller.require(Right.MANAGE_MEMBERS)
    member = await take_back(session, code, now, by=caller.person_id, reason=reason)
    if roles is not None:
        again = [
            InvitationIn(one.email, one.name, one.role, member_id=member.id)
            for one in await former_roles(session, member.id)
        ]
        await give_roles(session, caller.person_id, again, *roles)
    return member


async def take_back(session: AsyncSession, code: str, now: datetime, *, by: int | None, reason: str = "") -> Member:
    """The same for a command, without roles."""
    member = await member_by_code(session, code)
    await lock_group(session)
    await session.refresh(member)
    if member.retired_on is None:
        raise Conflict(f"{member.name} est membre du groupe.", code="member_present")
    if member.merged_into_id is not None:
        raise Conflict(f"{member.name} est devenu un autre membre : une fusion ne se défait pas.", code="member_merged")
    if member.parent_id is not None:
        await _require_parent(session, member)
    record_event(
        session,
        at=now,
        person_id=by,
        subject=("member", member.id),
        name="member.taken_back",
        reason=reason or None,
        details={"on": member.retired_on.isoformat()},
    )
    member.retired_on, member.retired_because = None, None
    await session.flush()
    return member


async def _require_parent(session: AsyncSession, unit: Member) -> None:
    parent = await session.get_one(Member, (unit.group_id, unit.parent_id), populate_existing=True)
    if parent.retired_on is not None:
        raise Conflict(
            f"{parent.name}, dont dépend {unit.name}, a quitté le groupe : reprenez-le d’abord.", code="parent_retired"
        )

"""Changing and ending roles.

Every change of rights locks the group's row, so that two of them come one after the other; leaves an event; and marks
the person's open sessions, which get a new token at their next request.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, known_id
from pooling.members.granting import renew_sessions
from pooling.members.inviting import InvitationIn, member_names, refuse_held
from pooling.members.locking import lock_group
from pooling.members.models import Membership, Role
from pooling.members.people_queries import find_person
from pooling.members.rights import Caller, Right


async def end_role(
    session: AsyncSession, caller: Caller, person_id: int, membership_id: int, now: datetime
) -> Membership:
    """Takes a role away: from the next request on, the person has it no more.

    Raises:
        Forbidden: the caller does not manage the group's members.
        NotFound: this person holds no such role (any more).
        Conflict: it is the group's last facilitator.
    """
    caller.require(Right.MANAGE_MEMBERS)
    await lock_group(session)
    held = await find_membership(session, person_id, membership_id)
    await _keep_a_facilitator(session, held)
    await take_role(session, caller.person_id, held, now)
    return held


async def take_role(session: AsyncSession, taken_by: int, held: Membership, now: datetime) -> None:
    """Ends a membership found under `lock_group`, for use cases that have checked who may."""
    held.ended_at = now
    record_event(
        session,
        at=now,
        person_id=taken_by,
        subject=("person", held.person_id),
        name="role.ended",
        details={"role": held.role, "member_id": held.member_id, "purchase_id": held.purchase_id},
    )
    await renew_sessions(session, [held.person_id])


async def end_roles_of(session: AsyncSession, members: Sequence[int], now: datetime, *, by: int | None) -> None:
    """Ends every role of these members, found under `lock_group`, for use cases that have checked who may."""
    ended = await session.execute(
        update(Membership)
        .where(any_of(col(Membership.member_id), members), col(Membership.ended_at).is_(None))
        .values(ended_at=now)
        .returning(col(Membership.person_id), col(Membership.role), col(Membership.member_id))
        .execution_options(synchronize_session=False)
    )
    people = set()
    for person_id, role, member_id in ended.all():
        people.add(person_id)
        record_event(
            session,
            at=now,
            person_id=by,
            subject=("person", person_id),
            name="role.ended",
            details={"role": role, "member_id": member_id, "purchase_id": None},
        )
    await session.flush()
    await renew_sessions(session, sorted(people))


async def find_membership(session: AsyncSession, person_id: int, membership_id: int) -> Membership:
    """A role that is held.

    Raises:
        NotFound: it is not, or not any more.
    """
    found = await session.execute(
        select(Membership)
        .where(
            col(Membership.id) == known_id(membership_id),
            col(Membership.person_id) == known_id(person_id),
            col(Membership.ended_at).is_(None),
        )
        .execution_options(populate_existing=True)
    )
    held: Membership | None = found.scalar_one_or_none()
    if held is None:
        raise NotFound
    return held


async def _keep_a_facilitator(session: AsyncSession, held: Membership) -> None:
    if held.role != Role.FACILITATOR:
        return
    others = exists().where(
        col(Membership.role) == Role.FACILITATOR,
        col(Membership.ended_at).is_(None),
        col(Membership.person_id) != held.person_id,
    )
    if not (await session.execute(select(others))).scalar_one():
        raise Conflict(
            "C’est la dernière personne à animer le groupe : donnez d’abord ce rôle à quelqu’un d’autre.",
            code="last_facilitator",
        )


async def change_role(
    session: AsyncSession,
    caller: Caller,
    person_id: int,
    membership_id: int,
    role: Role,
    member_id: int | None,
    now: datetime,
) -> None:
    """Gives another role in place of one that is held.

    Raises:
        Forbidden: the caller does not manage the group's members.
        NotFound: this person holds no such role (any more).
        Invalid: the new role is already held, or does not fit the member.
        Conflict: it is the group's last facilitator, or a lead buyer's role, which is given on the purchase.
    """
    caller.require(Right.MANAGE_MEMBERS)
    await lock_group(session)
    held = await find_membership(session, person_id, membership_id)
    if Role.LEAD_BUYER in (held.role, role):
        raise Conflict("Les acheteurs se nomment sur la page de l’achat.", code="buyer_of_purchase")
    if role != held.role:
        await _keep_a_facilitator(session, held)
    person = await find_person(session, person_id)
    wanted = InvitationIn(person.email, person.name, role, member_id=member_id)
    await member_names(session, [wanted])
    await refuse_held(session, [(person_id, role, member_id, None)], [wanted])
    held.ended_at = now
    session.add(Membership(group_id=held.group_id, person_id=person_id, role=role, member_id=member_id, started_at=now))
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("person", person_id),
        name="role.changed",
        change=(held.role, role),
        details={"member_id": member_id, "former_member_id": held.member_id},
    )
    await session.flush()
    await renew_sessions(session, [person_id])

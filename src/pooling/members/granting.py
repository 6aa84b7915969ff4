"""Giving roles, one change of rights at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, insert_many
from pooling.kernel.events import record_event
from pooling.members.models import Group, Membership, Role


async def grant_role(
    session: AsyncSession,
    person_id: int,
    role: Role,
    now: datetime,
    *,
    member_id: int | None = None,
    purchase_id: int | None = None,
    granted_by: int | None = None,
) -> None:
    """Gives a role. Giving it twice changes nothing."""
    await grant_roles(session, [(person_id, role, member_id, purchase_id)], now, granted_by=granted_by)


async def grant_roles(
    session: AsyncSession,
    roles: Sequence[tuple[int, Role, int | None, int | None]],
    now: datetime,
    *,
    granted_by: int | None = None,
) -> None:
    """Gives roles, each as (person, role, member, purchase), in one statement."""
    await insert_many(
        session,
        Membership,
        [
            {
                "person_id": person,
                "role": str(role),
                "member_id": member,
                "purchase_id": purchase,
                "started_at": now,
            }
            for person, role, member, purchase in roles
        ],
        on_conflict="ON CONFLICT DO NOTHING",
    )
    for person, role, member, purchase in roles:
        record_event(
            session,
            at=now,
            person_id=granted_by,
            subject=("person", person),
            name="role.granted",
            details={"role": str(role), "member_id": member, "purchase_id": purchase},
        )


async def lock_rights(session: AsyncSession) -> None:
    """One change of rights at a time in a group: nobody counts facilitators while another removes one."""
    group = select(col(Group.id)).where(col(Group.id) == group_of(session))
    await session.execute(group.with_for_update(key_share=True))


async def renew_sessions(session: AsyncSession, people: Sequence[int]) -> None:
    """The rights of these people changed."""
    await session.execute(text("SELECT rotate_sessions(CAST(:people AS bigint[]))"), {"people": list(people)})

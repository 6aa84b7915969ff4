"""Giving roles, one change of rights at a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import insert_many
from pooling.kernel.events import record_event
from pooling.members.models import Membership, Role


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


async def renew_sessions(session: AsyncSession, people: Sequence[int]) -> None:
    """The rights of these people changed."""
    await session.execute(text("SELECT rotate_sessions(CAST(:people AS bigint[]))"), {"people": list(people)})

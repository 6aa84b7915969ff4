"""Who is invited to a committee."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.answers import void_proxies
from pooling.committees.service import lock_committee, record, require_to_come
from pooling.kernel.database import group_of
from pooling.members.models import Role
from pooling.members.rights import Caller


async def invite(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    now: datetime,
    *,
    roles: Sequence[Role] = (),
    people: Sequence[int] = (),
) -> int:
    """Invites more people; they get the reminders still to come. Returns how many were not invited yet.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    added = await add_invitations(session, committee_id, roles, people, now)
    record(session, caller, committee, "people_invited", now, details={"added": added})
    return len(added)


async def uninvite(session: AsyncSession, caller: Caller, committee_id: int, person_id: int, now: datetime) -> None:
    """Takes an invitation back: that person gets nothing more, and who gave them a proxy is asked again.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    await void_proxies(session, committee, person_id, now)
    await session.execute(
        text(
            "DELETE FROM committee_invitations "
            "WHERE group_id = :group AND committee_id = :committee AND person_id = :person"
        ),
        {"group": group_of(session), "committee": committee_id, "person": person_id},
    )
    record(session, caller, committee, "person_uninvited", now, details={"person_id": person_id})


async def add_invitations(
    session: AsyncSession, committee_id: int, roles: Sequence[Role], people: Sequence[int], now: datetime
) -> list[int]:
    """Invites those who hold one of the roles now, and the named people who hold any."""
    added = await session.execute(
        text("""
            INSERT INTO committee_invitations (group_id, committee_id, person_id, invited_at)
            SELECT DISTINCT group_id, CAST(:committee AS bigint), person_id, CAST(:now AS timestamptz)
            FROM memberships
            WHERE group_id = :group AND ended_at IS NULL
                AND (role = ANY (CAST(:roles AS text[])) OR person_id = ANY (CAST(:people AS bigint[])))
            ON CONFLICT DO NOTHING RETURNING person_id"""),
        {
            "group": group_of(session),
            "committee": committee_id,
            "now": now,
            "roles": [str(role) for role in roles],
            "people": list(people),
        },
    )
    return sorted(added.scalars())

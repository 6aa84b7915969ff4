"""Who is invited to a committee."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.invitations.taking_off import take_off
from pooling.committees.locking import lock_committee, record_change, require_to_come
from pooling.committees.models import Committee
from pooling.committees.rules import TO_COME
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.events import record_event
from pooling.members.models import Role
from pooling.members.rights import Caller


async def invite_to_committee(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    now: datetime,
    *,
    roles: Sequence[Role] = (),
    people: Sequence[int] = (),
) -> int:
    """Invites more people; they get the reminders still to come. Who comes to hold one of the roles later is invited
    by the sweep. Returns how many were not invited yet.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    added = await add_invitations(session, committee, roles, people, now)
    record_change(session, caller, committee, "people_invited", now, details={"added": added})
    return len(added)


async def uninvite_from_committee(
    session: AsyncSession, caller: Caller, committee_id: int, person_id: int, now: datetime
) -> None:
    """Takes an invitation back: that person hears of it and gets nothing more, whatever roles are invited, and who gave
    them a proxy is asked again.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
    """
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    await take_off(session, caller, committee, [person_id], now)
    if person_id not in committee.taken_off:
        committee.taken_off = [*committee.taken_off, person_id]


async def add_invitations(
    session: AsyncSession, committee: Committee, roles: Sequence[Role], people: Sequence[int], now: datetime
) -> list[int]:
    """Invites those who hold one of the roles now, and the named people who hold any; remembers the roles."""
    committee.invited_roles = sorted({*committee.invited_roles, *map(str, roles)})
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
            "committee": committee.id,
            "now": now,
            "roles": [str(role) for role in roles],
            "people": list(people),
        },
    )
    return sorted(added.scalars())


async def invite_newcomers(session: AsyncSession, clock: Clock) -> int:
    """A chore: invites whoever has come to hold a role that is invited to a committee to come. Returns how many.

    EXCEPT compares two lists that the server hashes once; asked row by row, it takes minutes right after thousands of
    people were added.
    """
    now = clock.now()
    added = await session.execute(
        text("""
            WITH coming AS MATERIALIZED (
                SELECT id, invited_roles, taken_off FROM committees
                WHERE group_id = :group AND state = ANY (CAST(:to_come AS text[])) AND starts_at > :now
                    AND invited_roles <> '{}'
            ), newcomers AS (
                SELECT coming.id AS committee_id, memberships.person_id
                FROM coming JOIN memberships ON memberships.role = ANY (coming.invited_roles)
                WHERE memberships.group_id = :group AND memberships.ended_at IS NULL
                    AND memberships.person_id <> ALL (coming.taken_off)
                EXCEPT
                SELECT committee_id, person_id FROM committee_invitations
                WHERE group_id = :group AND committee_id IN (SELECT id FROM coming)
            )
            INSERT INTO committee_invitations (group_id, committee_id, person_id, invited_at)
            SELECT :group, committee_id, person_id, CAST(:now AS timestamptz) FROM newcomers
            ON CONFLICT DO NOTHING RETURNING committee_id, person_id"""),
        {"group": group_of(session), "to_come": [str(state) for state in TO_COME], "now": now},
    )
    invited: dict[int, list[int]] = defaultdict(list)
    for committee_id, person_id in added:
        invited[committee_id].append(person_id)
    for committee_id, people in invited.items():
        record_event(
            session,
            at=now,
            person_id=None,
            subject=("committee", committee_id),
            name="committee.people_invited",
            details={"added": sorted(people)},
        )
    return sum(map(len, invited.values()))

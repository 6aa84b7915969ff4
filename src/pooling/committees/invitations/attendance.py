"""Ticking who is there."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.attendance_rules import attendance_open
from pooling.committees.locking import lock_to_write, record_change
from pooling.committees.models import Committee
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict
from pooling.members.rights import Caller


async def tick_attendance(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    present: Mapping[int, bool],
    clock: Clock,
    *,
    others: AbstractSet[int] = frozenset(),
) -> int:
    """Keeps who is there (True) and who is not, of the people named alone, by their ids: two people who tick
    different ones at once lose nothing. `others` are there too, unless somebody noted meanwhile whether they are.
    Returns how many were invited and changed.

    Raises: as `open_sheet`.
    """
    committee, now = await open_sheet(session, caller, committee_id, clock)
    said = {**dict.fromkeys(others, True), **present}
    people = await _tick(session, committee_id, said, others=others - present.keys())
    if people:
        there = [person for person in people if said[person]]
        absent = [person for person in people if not said[person]]
        record_change(
            session, caller, committee, "attendance_ticked", now, details={"present": there, "absent": absent}
        )
    return len(people)


async def open_sheet(
    session: AsyncSession, caller: Caller, committee_id: int, clock: Clock
) -> tuple[Committee, datetime]:
    """The committee, locked, whose attendance the caller may note now; and when that is.

    Raises:
        NotFound: there is no such committee.
        Forbidden: the caller neither manages committees nor is its secretary.
        Conflict: it is too early, its minutes are published, or it was cancelled.
    """
    committee = await lock_to_write(session, caller, committee_id)
    now = await clock.at_database(session)
    if not attendance_open(committee.state, committee.starts_at, now):
        raise Conflict(
            "La présence se note d’une heure avant le début jusqu’à la publication du compte-rendu.",
            code="attendance_closed",
        )
    return committee, now


async def _tick(
    session: AsyncSession, committee_id: int, present: Mapping[int, bool], *, others: AbstractSet[int]
) -> list[int]:
    """Writes it down in one statement, of `others` where nothing is written yet; returns whose presence changed."""
    changed = await session.execute(
        text("""
            UPDATE committee_invitations SET present = ticked.present
            FROM unnest(CAST(:people AS bigint[]), CAST(:present AS boolean[])) AS ticked(person_id, present)
            WHERE group_id = :group AND committee_id = :committee
                AND committee_invitations.person_id = ticked.person_id
                AND committee_invitations.present IS DISTINCT FROM ticked.present
                AND (committee_invitations.present IS NULL OR ticked.person_id <> ALL (CAST(:others AS bigint[])))
            RETURNING committee_invitations.person_id"""),
        {
            "group": group_of(session),
            "committee": committee_id,
            "people": list(present.keys()),
            "present": list(present.values()),
            "others": list(others),
        },
    )
    return sorted(changed.scalars())

"""Who came to the demonstration's past committee, and what some of those invited answered to the next one."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.invitations.answering import answer_invitation
from pooling.committees.invitations.attendance import tick_attendance
from pooling.committees.models import Answer
from pooling.demo.territory import BUYER, COMPONENTS, FACILITATOR, READER, Demonstration, authorities, referent_of
from pooling.kernel.clock import FixedClock
from pooling.members.groups import change_settings, read_settings
from pooling.members.rights import Caller

SCHOOL_ZONE = "A"
"""Of the Gironde: its school holidays are avoided."""
ABSENT = 4
"""The last authorities in the list did not come."""
UNITS_PRESENT = 5
"""Of the university."""
SILENT = 6
"""The last authorities in the list have not answered yet."""


async def set_committees(session: AsyncSession, facilitator: Caller, now: datetime) -> None:
    settings = replace(await read_settings(session), school_zone=SCHOOL_ZONE)
    await change_settings(session, facilitator, settings, now, dated_ahead=_nothing_ahead)


async def _nothing_ahead(session: AsyncSession, now: datetime) -> list[str]:  # noqa: ARG001 - as it is asked
    """The local time stays as it is, so nothing can stand against another one."""
    return []


async def come(
    session: AsyncSession, facilitator: Caller, territory: Demonstration, committee_id: int, at: datetime
) -> None:
    """Ticks who is there while it lasts."""
    referents = [territory.people[referent_of(row["siren"])] for row in authorities()]
    there = {person: place < len(referents) - ABSENT for place, person in enumerate(referents)}
    there |= {territory.people[email]: True for email in (FACILITATOR, READER, BUYER)}
    there |= {territory.people[referent_of(code)]: place < UNITS_PRESENT for place, code in enumerate(COMPONENTS)}
    await tick_attendance(session, facilitator, committee_id, there, FixedClock(at))


async def answer(session: AsyncSession, territory: Demonstration, committee_id: int, at: datetime) -> None:
    """Most come, one does not, one gives a proxy; the last ones are silent."""
    referents = [territory.people[referent_of(row["siren"])] for row in authorities()][:-SILENT]
    first, second, *others = referents
    for person in (*others, territory.people[BUYER]):
        await _give(session, territory, person, committee_id, Answer.YES, at)
    await _give(session, territory, second, committee_id, Answer.NO, at)
    await _give(session, territory, first, committee_id, Answer.PROXY, at, proxy_id=others[0])


async def _give(
    session: AsyncSession,
    territory: Demonstration,
    person: int,
    committee_id: int,
    given: Answer,
    at: datetime,
    *,
    proxy_id: int | None = None,
) -> None:
    caller = Caller(person, territory.group_id, ())
    await answer_invitation(session, caller, committee_id, given, FixedClock(at), proxy_id=proxy_id)

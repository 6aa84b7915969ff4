"""Ending somebody's sessions: a telephone was stolen, a computer left open.

Sessions belong to the person and to no group, so that this ends them everywhere. Any group in which the person holds a
role may do so: it takes nothing away, since a mailed code opens another session; roles and API tokens stay.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import end_sessions_of
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import enter_group, group_of
from pooling.kernel.events import record_event
from pooling.members.people_queries import PersonShown, find_person
from pooling.members.rights import Caller, Right

ENDINGS = Allowance("sessions-ended", "People whose sessions are ended", "a facilitator", 50, DAY, __name__)


async def sign_out(session: AsyncSession, caller: Caller, person_id: int, now: datetime) -> PersonShown:
    """Ends every session of somebody of the group, at once.

    Raises:
        Forbidden: the caller does not manage the group's members.
        NotFound: the person is not in the group.
        TooMany: the caller did so too often today.
    """
    caller.require(Right.MANAGE_MEMBERS)
    person = await find_person(session, person_id)
    await ENDINGS.count_here(session, caller.person_id, at=now)
    record_event(session, at=now, person_id=caller.person_id, subject=("person", person_id), name="person.signed_out")
    await session.flush()
    group_id = group_of(session)
    await enter_group(session, None)  # sessions belong to no group
    await end_sessions_of(session, person_id)
    await enter_group(session, group_id)
    return person

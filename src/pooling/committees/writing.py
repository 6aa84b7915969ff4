"""The minutes of a committee."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.models import CommitteeState
from pooling.committees.rules import TO_COME, check_transition
from pooling.committees.service import change_state, lock_committee, record
from pooling.kernel.errors import Conflict, Invalid
from pooling.members.rights import Caller


async def write_minutes(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    minutes: str,
    now: datetime,
    *,
    publish: bool = False,
) -> None:
    """Keeps what is written of the minutes, as soon as the committee has begun; publishing them is final.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it has not begun, was cancelled, or its minutes are published.
        Invalid: nothing to publish.
    """
    committee = await lock_committee(session, caller, committee_id)
    if committee.state in TO_COME:
        if now < committee.starts_at:
            raise Conflict("Ce comité n’a pas encore eu lieu.", code="not_begun")
        change_state(session, caller, committee, CommitteeState.HELD, now)
    if committee.state != CommitteeState.HELD:
        check_transition(committee.state, CommitteeState.MINUTED)
    committee.minutes = minutes
    if not publish:
        record(session, caller, committee, "minutes_written", now)
        return
    if not minutes:
        raise Invalid({"minutes": "Écrivez le compte-rendu avant de le publier."})
    change_state(session, caller, committee, CommitteeState.MINUTED, now)

"""Following decisions up: done, given up, given more time, handed over, taken up again."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.permissions import may_follow
from pooling.committees.decisions.recording import (
    check_owner,
    lock_decision,
    named_in_events,
    reassign_decision,
    record_decision,
)
from pooling.committees.decisions.rules import DECISION
from pooling.kernel.errors import Conflict, Invalid
from pooling.members.rights import Caller, Right

_SAY = {
    DecisionState.DONE: "Dites en une phrase ce qui a été fait : le prochain comité le lira.",
    DecisionState.DROPPED: "Dites pourquoi la décision est abandonnée : le prochain comité le lira.",
}


async def settle_decision(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    number: int,
    state: DecisionState,
    outcome: str,
    now: datetime,
) -> Decision:
    """Marks an open decision done, with what came of it, or dropped, with the reason.

    Raises:
        NotFound: there is no such decision.
        Forbidden: the caller is neither its owner nor manages committees.
        Conflict: it is settled already.
        Invalid: nothing is said of it.
    """
    decision = await _lock_followed(session, caller, committee_id, number)
    if decision.state != DecisionState.OPEN:
        raise Conflict("Cette décision n’est plus ouverte.", code="not_open")
    if not outcome:
        raise Invalid({"outcome": _SAY[state]})
    DECISION.move(
        session, decision, state, at=now, person_id=caller.person_id, reason=outcome, details=named_in_events(decision)
    )
    decision.outcome, decision.settled_at = outcome, now
    return decision


async def reopen_decision(
    session: AsyncSession, caller: Caller, committee_id: int, number: int, now: datetime
) -> Decision:
    """Takes a settled decision up again; its owner is reminded anew.

    Raises: as `settle_decision`; Conflict when it is open.
    """
    decision = await _lock_followed(session, caller, committee_id, number)
    if decision.state == DecisionState.OPEN:
        raise Conflict("Cette décision est déjà ouverte.", code="not_settled")
    DECISION.move(
        session,
        decision,
        DecisionState.OPEN,
        at=now,
        person_id=caller.person_id,
        name="reopened",
        details=named_in_events(decision),
    )
    decision.outcome, decision.settled_at = "", None
    decision.revision += 1
    decision.assigned_at = now
    return decision


async def reschedule_decision(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    number: int,
    due_on: date | None,
    now: datetime,
    *,
    today: date,
    reason: str = "",
) -> Decision:
    """Another due date for an open decision; reminders of the old one are superseded.

    Raises: as `settle_decision`; Invalid when the date is past or the same.
    """
    decision = await _lock_followed(session, caller, committee_id, number)
    if decision.state != DecisionState.OPEN:
        raise Conflict("Cette décision n’est plus ouverte.", code="not_open")
    if due_on is not None and due_on < today:
        raise Invalid({"due_on": "Choisissez une date à venir."})
    before = decision.due_on
    if not reassign_decision(decision, owner_id=decision.owner_id, due_on=due_on, now=now):
        raise Invalid({"due_on": "C’est déjà l’échéance : choisissez une autre date."})
    details = {"from_day": before and before.isoformat(), "to_day": due_on and due_on.isoformat()}
    record_decision(session, caller, decision, "rescheduled", now, reason=reason, details=details)
    return decision


async def hand_over_decision(
    session: AsyncSession, caller: Caller, committee_id: int, number: int, owner_id: int | None, now: datetime
) -> Decision:
    """Another owner for an open decision, who is reminded from now on.

    Raises:
        NotFound: there is no such decision.
        Forbidden: the caller does not manage committees.
        Conflict: it is settled already.
        Invalid: that person is not of the group.
    """
    decision = await lock_decision(session, committee_id, number)
    caller.require(Right.MANAGE_COMMITTEES)
    if decision.state != DecisionState.OPEN:
        raise Conflict("Cette décision n’est plus ouverte.", code="not_open")
    await check_owner(session, owner_id)
    if reassign_decision(decision, owner_id=owner_id, due_on=decision.due_on, now=now):
        record_decision(session, caller, decision, "handed_over", now, details={"person_id": owner_id})
    return decision


async def _lock_followed(session: AsyncSession, caller: Caller, committee_id: int, number: int) -> Decision:
    decision = await lock_decision(session, committee_id, number)
    may_follow.require(caller, decision)
    return decision

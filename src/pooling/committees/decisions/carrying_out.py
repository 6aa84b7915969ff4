"""Carrying a decision out: the use case of whoever runs its subject, traced back to the decision."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.permissions import may_apply
from pooling.committees.decisions.recording import committee_of, lock_decision, record_decision
from pooling.committees.decisions.rules import DECISION
from pooling.committees.decisions.words import decision_called
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict
from pooling.kernel.events import caused_by
from pooling.members.acts import Act, Order
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.rights import Caller

LONGEST_REASON = 400


async def apply_decision(
    session: AsyncSession, caller: Caller, committee_id: int, number: int, clock: Clock
) -> Decision:
    """Does to its subject what the decision says, once. Every event of it carries the decision.

    Raises:
        NotFound: there is no such decision.
        Forbidden: the caller neither manages committees, nor is the secretary, nor runs the subject.
        Conflict: it was carried out already, has no effect, was dropped; or the subject does not allow it any more.
        Invalid: the subject refuses the terms, for example a date that is past.
    """
    decision = await lock_decision(session, committee_id, number)
    committee = await committee_of(session, decision)
    features = features_for(session)
    may_apply.require(caller, committee, decision, features.subjects)
    act = _act_to_apply(decision, committee, features.acts)
    assert decision.about is not None, "a check holds it"
    kind, subject_id = features.subjects[act.subject], decision.about[1]
    order = Order(
        session=session,
        caller=kind.running(caller, subject_id),
        subject_id=subject_id,
        terms=act.read(decision.terms),
        reason=reason_of(decision, committee),
        zone=await group_zone(session),
        clock=clock,
    )
    with caused_by(session, decision.id):
        await act.carry_out(order)
        await session.flush()
    now = clock.now()
    decision.acted_at, decision.acted_by = now, caller.person_id
    record_decision(session, caller, decision, "applied", now)
    if decision.state == DecisionState.OPEN:
        DECISION.require(decision.state, DecisionState.DONE)
        decision.state, decision.outcome, decision.settled_at = DecisionState.DONE, f"Appliquée {kind.to_the}.", now
    return decision


def _act_to_apply(decision: Decision, committee: Committee, acts: Mapping[str, Act[Any]]) -> Act[Any]:
    if decision.acted_at is not None:
        raise Conflict("Cette décision a déjà été appliquée.", code="already_applied")
    act = acts.get(decision.act or "")
    if act is None or decision.state == DecisionState.DROPPED:
        raise Conflict("Cette décision n’a pas d’effet à appliquer.", code="nothing_to_apply")
    if committee.state not in {CommitteeState.HELD, CommitteeState.MINUTED}:
        raise Conflict("Ce comité n’a pas encore eu lieu.", code="not_begun")
    return act


def reason_of(decision: Decision, committee: Committee) -> str:
    """What référents and the journal read: « Décision n° 2 du comité du 30 mars 2027 : … »."""
    content = " ".join(decision.content.split())
    said = f"{decision_called(decision.number, committee.local_start)} : {content}"
    return said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 1].rstrip() + "…"

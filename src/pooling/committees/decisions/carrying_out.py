"""Carrying a decision out on its purchase: the same use cases as its lead buyer's, traced back to the decision."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import charges_of
from pooling.allocation.editing.lines import CHARGES, change_line, line_of_code
from pooling.allocation.editing.schemas import ChargeIn, content_of
from pooling.allocation.key_choices import NAMING, OF_ITEMS, choice_of, choices_in
from pooling.committees.decisions.models import Act, Decision, DecisionState
from pooling.committees.decisions.recording import committee_of, lock_decision, record_decision
from pooling.committees.decisions.rules import DECISION
from pooling.committees.decisions.schemas import Deadline, NewTerms, Terms, read_terms
from pooling.committees.decisions.words import decision_called
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from pooling.kernel.events import caused_by
from pooling.members.models import Group, Member, Role
from pooling.members.rights import Caller, HeldRole, Right
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import close_collection, extend_collection, open_collection, reopen_collection
from pooling.purchases.changing import change_purchase
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import PurchaseState

LONGEST_REASON = 400


@dataclass(frozen=True)
class _Order:
    """What is to be done, for whom, and what is said of it."""

    session: AsyncSession
    caller: Caller
    """Empowered by the decision for its purchase; the person is the one who clicks."""
    purchase_id: int
    terms: Terms
    reason: str
    zone: ZoneInfo
    clock: Clock


def may_apply(caller: Caller, committee: Committee, decision: Decision) -> bool:
    """Who manages committees, the committee's secretary, and who runs the purchase."""
    return (
        caller.may(Right.MANAGE_COMMITTEES)
        or committee.secretary_id == caller.person_id
        or caller.may(Right.RUN_PURCHASE, purchase_id=decision.purchase_id)
    )


async def apply_decision(
    session: AsyncSession, caller: Caller, committee_id: int, number: int, clock: Clock
) -> Decision:
    """Does to the purchase what the decision says, once. Every event of it carries the decision.

    Raises:
        NotFound: there is no such decision.
        Forbidden: the caller neither manages committees, nor is the secretary, nor runs the purchase.
        Conflict: it was carried out already, has no effect, was dropped; or the purchase does not allow it any more.
        Invalid: the purchase refuses the terms, for example a date that is past.
    """
    decision = await lock_decision(session, committee_id, number)
    committee = await committee_of(session, decision)
    if not may_apply(caller, committee, decision):
        raise Forbidden
    _require_to_apply(decision, committee)
    act, purchase_id = Act(decision.act or ""), decision.purchase_id
    assert purchase_id is not None, "a check holds it"
    order = _Order(
        session=session,
        caller=replace(caller, roles=(*caller.roles, HeldRole(Role.LEAD_BUYER, purchase_id=purchase_id))),
        purchase_id=purchase_id,
        terms=read_terms(act, decision.terms),
        reason=reason_of(decision, committee),
        zone=ZoneInfo((await session.execute(select(col(Group.timezone)))).scalar_one()),
        clock=clock,
    )
    with caused_by(session, decision.id):
        await _ACTS[act](order)
        await session.flush()
    now = clock.now()
    decision.acted_at, decision.acted_by = now, caller.person_id
    record_decision(session, caller, decision, "applied", now)
    if decision.state == DecisionState.OPEN:
        DECISION.require(decision.state, DecisionState.DONE)
        decision.state, decision.outcome, decision.settled_at = DecisionState.DONE, "Appliquée à l’achat.", now
    return decision


def _require_to_apply(decision: Decision, committee: Committee) -> None:
    if decision.acted_at is not None:
        raise Conflict("Cette décision a déjà été appliquée.", code="already_applied")
    if decision.act is None or decision.state == DecisionState.DROPPED:
        raise Conflict("Cette décision n’a pas d’effet à appliquer.", code="nothing_to_apply")
    if committee.state not in {CommitteeState.HELD, CommitteeState.MINUTED}:
        raise Conflict("Ce comité n’a pas encore eu lieu.", code="not_begun")


def reason_of(decision: Decision, committee: Committee) -> str:
    """What référents and the journal read: « Décision n° 2 du comité du 30 mars 2027 : … »."""
    content = " ".join(decision.content.split())
    said = f"{decision_called(decision.number, committee.local_start)} : {content}"
    return said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 1].rstrip() + "…"


def _moment(order: _Order) -> datetime:
    terms = cast("Deadline", order.terms)
    return datetime.combine(terms.closes_on, terms.closes_at, tzinfo=order.zone)


async def _open(order: _Order) -> None:
    await open_collection(
        order.session, order.caller, order.purchase_id, _moment(order), order.clock, reason=order.reason
    )


async def _extend(order: _Order) -> None:
    """A collection that has closed meanwhile is opened again, as on the lead buyer's own page."""
    purchase = await lock_purchase(order.session, order.purchase_id, alone=True)
    act = reopen_collection if purchase.state == PurchaseState.CLOSED else extend_collection
    await act(order.session, order.caller, order.purchase_id, _moment(order), order.clock, reason=order.reason)


async def _close(order: _Order) -> None:
    await close_collection(order.session, order.caller, order.purchase_id, order.clock, reason=order.reason)


async def _cancel(order: _Order) -> None:
    await cancel_purchase(order.session, order.caller, order.purchase_id, order.clock, reason=order.reason)


async def _change_terms(order: _Order) -> None:
    terms = cast("NewTerms", order.terms)
    lead_member_id = await _member(order, terms.lead_member) if terms.lead_member else None
    if terms.lead_member is not None or terms.delivery_expected_on is not None:
        await change_purchase(
            order.session,
            order.caller,
            order.purchase_id,
            order.clock,
            lead_member_id=lead_member_id,
            delivery_expected_on=terms.delivery_expected_on,
            reason=order.reason,
        )
    for code, key in terms.keys.items():
        await _change_key(order, code, key)


async def _member(order: _Order, code: str) -> int:
    found = await order.session.execute(select(col(Member.id)).where(col(Member.code) == code))
    member_id: int | None = found.scalar_one_or_none()
    if member_id is None:
        raise Invalid({"lead_member": "Le pilote désigné n’est plus membre du groupe."})
    return member_id


async def _change_key(order: _Order, code: str, key: Any) -> None:  # noqa: ANN401 - a key as JSON
    try:
        charge = line_of_code(await charges_of(order.session, order.purchase_id), code)
    except NotFound as gone:
        raise Conflict(
            f"Les frais « {code} » dont la clé devait changer n’existent plus.", code="charge_gone"
        ) from gone
    command = ChargeIn(**{**content_of(charge), "vat_rate": charge.vat_rate, "key": key})
    if not choices_in(key) & OF_ITEMS:
        command = replace(command, items=None)
    if choice_of(key) in NAMING:
        command = replace(command, scope=None)
    await change_line(
        order.session, order.caller, order.purchase_id, CHARGES, code, command, order.clock, reason=order.reason
    )


_ACTS: Mapping[Act, Callable[[_Order], Awaitable[None]]] = {
    Act.OPEN: _open,
    Act.EXTEND: _extend,
    Act.CLOSE: _close,
    Act.CHANGE_TERMS: _change_terms,
    Act.CANCEL: _cancel,
}

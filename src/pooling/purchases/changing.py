"""Changing what a purchase was prepared with: who leads it, when delivery is expected."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.retiring import require_present
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import life_of
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.rules import OVER


async def change_purchase(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    clock: Clock,
    *,
    lead_member_id: int | None = None,
    delivery_expected_on: date | None = None,
    reason: str,
) -> Purchase:
    """Another lead member, another expected day of delivery, or both; None leaves as it is. Lead buyers stay.

    Raises:
        Forbidden: the caller does not run this purchase.
        Invalid: no reason is given, or the lead member is not of the group.
        Conflict: it is settled or cancelled; or delivered, when the delivery is to move.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi : le journal de l’achat le garde."})
    _require_open(purchase, moves_delivery=delivery_expected_on is not None)
    details: dict[str, object] = {}
    if lead_member_id is not None and lead_member_id != purchase.lead_member_id:
        await require_present(session, [lead_member_id], "lead_member")
        details |= {"former_member_id": purchase.lead_member_id, "member_id": lead_member_id}
        purchase.lead_member_id = lead_member_id
    if delivery_expected_on is not None and delivery_expected_on != purchase.delivery_expected_on:
        before = purchase.delivery_expected_on
        details |= {"from_day": before and before.isoformat(), "to_day": delivery_expected_on.isoformat()}
        purchase.delivery_expected_on = delivery_expected_on
    if details:
        record_event(
            session,
            at=await clock.at_database(session),
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name="purchase.terms_changed",
            reason=reason,
            details=details,
        )
    return purchase


def _require_open(purchase: Purchase, *, moves_delivery: bool) -> None:
    state = PurchaseState(purchase.state)
    if state in OVER or (moves_delivery and state == PurchaseState.DELIVERED):
        raise Conflict(
            f"Cet achat est {life_of(purchase).word(state).lower()} : ses conditions ne changent plus.",
            code="terms_closed",
        )

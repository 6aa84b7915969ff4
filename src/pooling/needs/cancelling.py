"""Giving a purchase up: the référents who declared are told."""

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.collections.changing import give_up_collection
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Invalid
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.notices import tell_referents
from pooling.purchases.finding import lock_with_collection
from pooling.purchases.kinds import life_of
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run


async def cancel_purchase(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, *, reason: str
) -> Purchase:
    """Gives a purchase up before it is delivered. What was declared stays readable.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Invalid: no reason is given.
        Conflict: it is delivered, settled or already cancelled.
    """
    purchase, collection = await lock_with_collection(session, purchase_id)
    may_run.require(caller, purchase)
    now = await clock.at_database(session)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi l’achat est annulé : les participants le liront."})
    was_draft = purchase.state == PurchaseState.DRAFT
    life_of(purchase).move(
        session, purchase, PurchaseState.CANCELLED, at=now, person_id=caller.person_id, reason=reason
    )
    give_up_collection(collection)
    if not was_draft:
        await tell_referents(session, purchase, now, notices.cancelled, reason=reason)
    return purchase

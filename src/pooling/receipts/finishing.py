"""When nothing more is awaited: an order declared complete although a little more or less came, or opened again; the
purchase delivered by itself once all its orders are complete.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.needs.advancing import take_step
from pooling.orders.models import Order
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Purchase, PurchaseState
from pooling.receipts.permissions import may_complete
from pooling.receipts.queries import all_received, is_complete


async def finish_delivery(
    session: AsyncSession, caller: Caller, purchase: Purchase, order: Order, now: datetime
) -> bool:
    """As `finish_purchase`, where this order may have been the last that was awaited."""
    if purchase.state != PurchaseState.ORDERED:
        return False
    await session.flush()
    complete = await session.execute(select(is_complete()).select_from(Order).where(col(Order.id) == order.id))
    return bool(complete.scalar_one()) and await finish_purchase(session, caller, purchase, now)


async def finish_purchase(session: AsyncSession, caller: Caller, purchase: Purchase, now: datetime) -> bool:
    """Takes a locked purchase to `delivered` where no order of it is awaited any more; says whether it did. Its
    référents are told, as when the step is taken by hand.
    """
    if purchase.state != PurchaseState.ORDERED:
        return False
    await session.flush()
    whole = await session.execute(select(all_received()).select_from(Purchase).where(col(Purchase.id) == purchase.id))
    if not whole.scalar_one():
        return False
    step = kind_of(purchase.kind).next_step(purchase.state)
    assert step is not None, "what is ordered is delivered next"
    await take_step(session, caller, purchase, step, now)
    return True


async def declare_complete(
    session: AsyncSession, caller: Caller, purchase: Purchase, order: Order, now: datetime, *, reason: str
) -> bool:
    """Says that nothing more is awaited of a locked order, whatever came; returns whether the purchase is delivered by
    that.

    Raises:
        Forbidden: the caller is not of who buys.
        Conflict: it is declared so already.
        Invalid: no reason is given.
    """
    may_complete.require(caller, purchase, order.member_id)
    if order.completed_at is not None:
        raise Conflict("Cette commande est déjà déclarée complète.", code="already_complete")
    if not reason:
        raise Invalid({"reason": "Dites pourquoi plus rien n’est attendu : les autres le liront."})
    order.completed_at, order.completed_because = now, reason
    _tell(session, caller, purchase, order, "order.completed", now, reason)
    return await finish_delivery(session, caller, purchase, order, now)


async def reopen(
    session: AsyncSession, caller: Caller, purchase: Purchase, order: Order, now: datetime, *, reason: str
) -> None:
    """Takes that back: what is due is awaited again. A purchase that is delivered stays so.

    Raises: as `declare_complete`; Conflict where nobody declared it.
    """
    may_complete.require(caller, purchase, order.member_id)
    if order.completed_at is None:
        raise Conflict("Personne n’a déclaré cette commande complète.", code="not_declared_complete")
    if not reason:
        raise Invalid({"reason": "Dites pourquoi la livraison est rouverte : les autres le liront."})
    order.completed_at, order.completed_because = None, ""
    _tell(session, caller, purchase, order, "order.reopened", now, reason)


def _tell(
    session: AsyncSession, caller: Caller, purchase: Purchase, order: Order, name: str, now: datetime, reason: str
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("order", order.id),
        name=name,
        reason=reason,
        details={"purchase_id": purchase.id},
    )

"""Orders leave: said to have left otherwise than from here, one or all that wait at once.

The purchase is ordered once all its orders have left.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_events
from pooling.members.rights import Caller
from pooling.needs.advancing import fact_lacking, lacking_said, take_step
from pooling.orders.making import lock_ordering, require_fresh
from pooling.orders.models import OrderState
from pooling.orders.reading import tally_of
from pooling.orders.rules import ORDER
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.steps import CONVENED
from pooling.purchases.models import Purchase, PurchaseState

LONGEST_HOW = 200
_WAITING = """
    SELECT o.id, o.state FROM orders o
    JOIN order_versions v ON v.group_id = o.group_id AND v.order_id = o.id AND v.number = o.version
    WHERE o.group_id = :group AND o.purchase_id = :purchase AND o.state <> 'cancelled' AND v.sent_at IS NULL
        AND (CAST(:number AS integer) IS NULL OR o.number = :number)
    ORDER BY o.id FOR UPDATE OF o"""
_SENT = (
    """UPDATE order_versions v SET sent_at = :now, sent_by = :person, sent_how = :how FROM orders o
    WHERE v.group_id = :group AND o.group_id = :group AND o.id = ANY (:orders) AND v.order_id = o.id
        AND v.number = o.version""",
    """UPDATE orders SET state = 'sent', sent_at = COALESCE(sent_at, :now), asked_at = NULL, asked_by = NULL
    WHERE group_id = :group AND id = ANY (:orders)""",
)


async def say_sent(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    clock: Clock,
    *,
    how: str,
    number: int | None = None,
) -> int:
    """Notes that an order, by its number, or (None) all that wait have left in some other way. Returns how many did:
    what has left already does not leave again.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the purchase is not closed, or already delivered; deliberations are lacking; drafts are outdated.
        Invalid: it is not said how.
    """
    purchase = await lock_ordering(session, caller, purchase_id)
    if not how:
        raise Invalid({"how": "Dites comment : par la plateforme du fournisseur, par courrier…"})
    waiting = await lock_waiting(session, purchase_id, number)
    if not waiting:
        return 0
    await require_ready(session, purchase, waiting)
    await note_sent(session, caller, purchase, [order_id for order_id, _ in waiting], clock, how)
    return len(waiting)


async def lock_waiting(session: AsyncSession, purchase_id: int, number: int | None) -> Sequence[tuple[int, str]]:
    """The ids and states of those whose present version has not left, locked."""
    found = await session.execute(
        text(_WAITING), {"group": group_of(session), "purchase": purchase_id, "number": number}
    )
    return [(order_id, state) for order_id, state in found]


async def require_ready(session: AsyncSession, purchase: Purchase, waiting: Sequence[tuple[int, str]]) -> None:
    """Raises:
    Conflict: deliberations are lacking before the first order; drafts are outdated.
    """
    if purchase.state == PurchaseState.CLOSED and await fact_lacking(session, purchase.id, CONVENED):
        raise Conflict(await lacking_said(session, purchase.id, CONVENED), code="not_ready")
    if any(state == OrderState.DRAFT for _, state in waiting):
        await require_fresh(session, purchase.id)


async def note_sent(
    session: AsyncSession, caller: Caller, purchase: Purchase, orders: Sequence[int], clock: Clock, how: str
) -> None:
    """These locked orders have left: one statement for all, their events, and the purchase if they were the last."""
    now = await clock.at_database(session)
    of_them = {"group": group_of(session), "orders": list(orders)}
    states = await session.execute(
        text("SELECT id, state, version FROM orders WHERE group_id = :group AND id = ANY (:orders)"), of_them
    )
    before = {order_id: (state, version) for order_id, state, version in states}
    for statement in _SENT:
        await session.execute(text(statement), {**of_them, "now": now, "person": caller.person_id, "how": how})
    for state in {state for state, _ in before.values()}:
        assert ORDER.may(state, OrderState.SENT)
        await record_events(
            session,
            at=now,
            person_id=caller.person_id,
            kind="order",
            name="order.sent",
            change=(state, OrderState.SENT),
            each={
                order_id: {"how": how, "version": version}
                for order_id, (was, version) in before.items()
                if was == state
            },
        )
    await order_purchase(session, caller, purchase, clock)


async def order_purchase(session: AsyncSession, caller: Caller, purchase: Purchase, clock: Clock) -> None:
    """The locked purchase is ordered once no order of it waits and one has left."""
    await session.refresh(purchase)
    tally = await tally_of(session, purchase.id)
    if purchase.state != PurchaseState.CLOSED or tally.drafts or not tally.left:
        return
    step = kind_of(purchase.kind).next_step(purchase.state)
    assert step is not None
    assert step.state == PurchaseState.ORDERED
    await take_step(session, caller, purchase, step, await clock.at_database(session))

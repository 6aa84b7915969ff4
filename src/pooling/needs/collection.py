"""The collection of needs: opening and closing it."""

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.service import change_state, item_ids, lock_purchase

SHORTEST_COLLECTION = timedelta(hours=1)


async def open_collection(
    session: AsyncSession, caller: Caller, purchase_id: int, closes_at: datetime, clock: Clock
) -> Purchase:
    """Invites needs until `closes_at`, and freezes the key values of those who take part.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Invalid: the closing date is too near.
        Conflict: the purchase is not in preparation, or has nothing to declare.
    """
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    purchase = await lock_purchase(session, purchase_id, alone=True)
    now = await clock.at_database(session)
    if closes_at < now + SHORTEST_COLLECTION:
        raise Invalid({"closes_on": "Choisissez une date de clôture à venir, dans une heure au plus tôt."})
    if not await item_ids(session, purchase_id):
        raise Conflict("Ajoutez au moins un article avant d’ouvrir la collecte.", code="nothing_to_declare")
    change_state(session, purchase, PurchaseState.OPEN, at=now, caller=caller, details={"closes_at": str(closes_at)})
    purchase.opened_at = purchase.scheduled_at = purchase.keys_frozen_at = now
    purchase.closes_at = closes_at
    await _freeze_keys(session, purchase_id)
    return purchase


async def _freeze_keys(session: AsyncSession, purchase_id: int) -> None:
    await session.execute(
        text(
            "UPDATE participations p SET population = m.population, agents = m.agents FROM members m "
            "WHERE p.group_id = :group AND p.purchase_id = :purchase AND m.group_id = p.group_id AND m.id = p.member_id"
        ),
        {"group": group_of(session), "purchase": purchase_id},
    )


async def close_collection(
    session: AsyncSession, caller: Caller | None, purchase_id: int, clock: Clock, *, reason: str = ""
) -> Purchase:
    """Makes every declaration read-only. A lead buyer who closes before the date says why; the sweep (`caller` None)
    closes what is past its date.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Invalid: closing early without a reason.
        Conflict: the collection is not open.
    """
    if caller is not None:
        caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    purchase = await lock_purchase(session, purchase_id, alone=True)
    now = await clock.at_database(session)
    early = purchase.closes_at is not None and now < purchase.closes_at
    if purchase.state == PurchaseState.OPEN and early and not reason:
        raise Invalid({"reason": "Dites pourquoi vous clôturez avant la date prévue : les référents le liront."})
    change_state(session, purchase, PurchaseState.CLOSED, at=now, caller=caller, reason=reason or None)
    purchase.closed_at = now
    return purchase


async def close_what_is_due(session: AsyncSession, clock: Clock) -> list[str]:
    """The sweep's part: closes this group's collections that are past their date. Returns their references.

    Those that somebody is closing or filing into at this moment are left to the next sweep, a minute later.
    """
    now = await clock.at_database(session)
    due = await session.execute(
        select(Purchase)
        .where(col(Purchase.state) == PurchaseState.OPEN, col(Purchase.closes_at) <= now)
        .with_for_update(skip_locked=True)
    )
    references = []
    for purchase in due.scalars():
        change_state(session, purchase, PurchaseState.CLOSED, at=now, caller=None)
        purchase.closed_at = now
        references.append(purchase.reference)
    return references

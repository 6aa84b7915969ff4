"""The collection of needs: opening, extending, closing and reopening it. Référents are told at once."""

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.groups import group_zone
from pooling.members.rights import Caller, Right
from pooling.needs import notices
from pooling.needs.consolidating import current_consolidation
from pooling.needs.doubts import doubts_of_closing
from pooling.needs.notices import tell_referents
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.rules import PURCHASE

SHORTEST_COLLECTION = timedelta(hours=1)
TOO_NEAR = "Choisissez une date de clôture à venir, dans une heure au plus tôt."
SAY_WHY = "Dites pourquoi\u00a0: les référents le liront."


def is_too_near(closes_at: datetime, now: datetime) -> bool:
    return closes_at < now + SHORTEST_COLLECTION


async def open_collection(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    closes_at: datetime,
    clock: Clock,
    *,
    reason: str = "",
    insistence: Insistence | None = None,
) -> Purchase:
    """Invites needs until `closes_at`, and freezes the key values of those who take part.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Invalid: the closing date is too near.
        Conflict: the purchase is not in preparation, or has nothing to declare.
        Doubtful: it would close on a day off, at night, too soon, too late, or after the delivery.
    """
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    purchase = await lock_purchase(session, purchase_id, alone=True)
    now = await clock.at_database(session)
    if is_too_near(closes_at, now):
        raise Invalid({"closes_on": TOO_NEAR})
    if not await item_ids(session, purchase_id):
        raise Conflict("Ajoutez au moins un article avant d’ouvrir la collecte.", code="nothing_to_declare")
    details: dict[str, object] = {"closes_at": str(closes_at)}
    PURCHASE.move(
        session, purchase, PurchaseState.OPEN, at=now, person_id=caller.person_id, reason=reason, details=details
    )
    purchase.opened_at = purchase.scheduled_at = purchase.keys_frozen_at = now
    purchase.closes_at = closes_at
    await _doubt(session, caller, purchase, insistence, now)
    await _freeze_keys(session, purchase_id)
    await tell_referents(session, purchase, now, notices.opened)
    return purchase


async def _doubt(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    insistence: Insistence | None,
    now: datetime,
) -> None:
    """Raises:
    Doubtful: its closing date may be a slip, and nobody insists.
    """
    assert purchase.closes_at is not None, "it was just given one"
    doubts = doubts_of_closing(purchase.closes_at, await group_zone(session), now, purchase.delivery_expected_on)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("purchase", purchase.id))


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
    person_id = caller.person_id if caller else None
    PURCHASE.move(session, purchase, PurchaseState.CLOSED, at=now, person_id=person_id, reason=reason)
    purchase.closed_at = _ended_at(purchase, now)
    if early:
        await tell_referents(session, purchase, now, notices.closed_early, reason=reason)
    return purchase


def _ended_at(purchase: Purchase, now: datetime) -> datetime:
    """When nothing could be filed any more: at its date, however late somebody or a sweep notices."""
    return min(now, purchase.closes_at or now)


async def extend_collection(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    closes_at: datetime,
    clock: Clock,
    *,
    reason: str,
    insistence: Insistence | None = None,
) -> Purchase:
    """Gives an open collection another closing date, later or sooner; reminders of the old one are superseded.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Invalid: no reason, a date too near, or the same one.
        Doubtful: it would close on a day off, at night, too soon, too late, or after the delivery.
        Conflict: the collection is not open.
    """
    purchase, now = await _locked_for(session, caller, purchase_id, clock, reason)
    if purchase.state != PurchaseState.OPEN:
        raise Conflict("La collecte n’est pas ouverte : sa date ne peut plus changer.", code="collection_closed")
    if closes_at == purchase.closes_at:
        raise Invalid({"closes_on": "C’est déjà la date de clôture : choisissez-en une autre."})
    details = {"from": str(purchase.closes_at), "to": str(closes_at)}
    _reschedule(purchase, closes_at, now)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="collection.extended",
        reason=reason,
        details=details,
    )
    await _doubt(session, caller, purchase, insistence, now)
    await tell_referents(session, purchase, now, notices.extended, reason=reason)
    return purchase


async def reopen_collection(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    closes_at: datetime,
    clock: Clock,
    *,
    reason: str,
    insistence: Insistence | None = None,
) -> Purchase:
    """Opens a closed collection again until another date. Frozen key values stay as they were; a frozen
    consolidation no longer counts (`consolidating.still_counts`).

    Raises: as `extend_collection`; Conflict when the purchase is not closed.
    """
    purchase, now = await _locked_for(session, caller, purchase_id, clock, reason)
    if purchase.state != PurchaseState.CLOSED:
        raise Conflict("Seule une collecte close peut être rouverte.", code="transition_refused")
    ended = await current_consolidation(session, purchase_id)
    details: dict[str, object] = {"ended_consolidation": ended.number} if ended else {}
    PURCHASE.move(
        session, purchase, PurchaseState.OPEN, at=now, person_id=caller.person_id, reason=reason, details=details
    )
    _reschedule(purchase, closes_at, now)
    purchase.closed_at = None
    await _doubt(session, caller, purchase, insistence, now)
    await tell_referents(session, purchase, now, notices.reopened, reason=reason)
    return purchase


async def _locked_for(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, reason: str
) -> tuple[Purchase, datetime]:
    """The purchase, locked alone by its lead buyer who says why, and the time once the lock is won."""
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    if not reason:
        raise Invalid({"reason": SAY_WHY})
    purchase = await lock_purchase(session, purchase_id, alone=True)
    return purchase, await clock.at_database(session)


def _reschedule(purchase: Purchase, closes_at: datetime, now: datetime) -> None:
    if is_too_near(closes_at, now):
        raise Invalid({"closes_on": TOO_NEAR})
    purchase.closes_at = closes_at
    purchase.scheduled_at = now
    purchase.revision += 1


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
        PURCHASE.move(session, purchase, PurchaseState.CLOSED, at=now, person_id=None)
        purchase.closed_at = _ended_at(purchase, now)
        references.append(purchase.reference)
    return references

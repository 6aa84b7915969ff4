"""The collection of needs: opening, extending, closing and reopening it. Référents are told at once."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.changing import begin_collection, close_now, reschedule
from pooling.collections.doubts import doubts_of_closing
from pooling.collections.finding import lock_where_free
from pooling.collections.models import Collection
from pooling.collections.queries import to_close
from pooling.collections.rules import accepts, is_open
from pooling.kernel.changes import changing
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.consolidating import current_consolidation
from pooling.needs.notices import tell_referents
from pooling.needs.silence import leave_out_silent, take_in_silent
from pooling.purchases.finding import item_ids, lock_purchase, lock_with_collection
from pooling.purchases.kinds import kind_of, life_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run

NOTHING_ASKED = "Cet achat ne demande rien à ses membres : il n’a pas de collecte."
SAY_WHY = "Dites pourquoi\u00a0: les référents le liront."


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
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    now = await clock.at_database(session)
    if purchase.state == PurchaseState.CLOSED:
        raise Conflict(
            "La collecte a déjà eu lieu : pour la rouvrir, donnez-lui une autre date et dites pourquoi.",
            code="transition_refused",
        )
    kind = kind_of(purchase.kind)
    if not kind.has(Part.COLLECTION):
        raise Conflict(NOTHING_ASKED, code="nothing_to_declare")
    if kind.has(Part.ITEMS) and not await item_ids(session, purchase_id):
        raise Conflict("Ajoutez au moins un article avant d’ouvrir la collecte.", code="nothing_to_declare")
    details: dict[str, object] = {"closes_at": str(closes_at)}
    kind.life.move(
        session, purchase, PurchaseState.OPEN, at=now, person_id=caller.person_id, reason=reason, details=details
    )
    purchase.keys_frozen_at = now
    begin_collection(session, ("purchase", purchase_id), closes_at, now)
    await _doubt(session, caller, purchase, closes_at, insistence, now)
    await _freeze_keys(session, purchase_id)
    await features_for(session).draft(session, purchase_id, now)
    await tell_referents(session, purchase, now, notices.opened, closes_at=closes_at)
    return purchase


async def _doubt(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    closes_at: datetime,
    insistence: Insistence | None,
    now: datetime,
) -> None:
    """Raises:
    Doubtful: its closing date may be a slip, and nobody insists.
    """
    doubts = doubts_of_closing(closes_at, await group_zone(session), now, purchase.delivery_expected_on)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("purchase", purchase.id))


async def _freeze_keys(session: AsyncSession, purchase_id: int) -> None:
    await session.execute(
        text(
            # By the member's key, whatever is known of tables that were filled just now: a join of the two may be
            # planned as one of everybody with everybody.
            "UPDATE participations p SET (population, agents) = ("
            "SELECT m.population, m.agents FROM members m WHERE m.group_id = p.group_id AND m.id = p.member_id) "
            "WHERE p.group_id = :group AND p.purchase_id = :purchase"
        ),
        {"group": group_of(session), "purchase": purchase_id},
        execution_options=changing(participations=[purchase_id]),
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
    purchase, collection = await lock_with_collection(session, purchase_id)
    if caller is not None:
        may_run.require(caller, purchase)
    now = await clock.at_database(session)
    early = accepts(collection, now)
    if early and not reason:
        raise Invalid({"reason": "Dites pourquoi vous clôturez avant la date prévue : les référents le liront."})
    person_id = caller.person_id if caller else None
    life_of(purchase).move(session, purchase, PurchaseState.CLOSED, at=now, person_id=person_id, reason=reason)
    assert collection is not None, "an open purchase collects"
    close_now(collection, now)
    await leave_out_silent(session, [purchase])
    if early:
        await tell_referents(session, purchase, now, notices.closed_early, reason=reason)
    return purchase


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
    purchase, collection, now = await _locked_for(session, caller, purchase_id, clock, reason)
    if collection is None or not is_open(collection):
        raise Conflict("La collecte n’est pas ouverte : sa date ne peut plus changer.", code="collection_closed")
    if closes_at == collection.closes_at:
        raise Invalid({"closes_at": "C’est déjà la date de clôture : choisissez-en une autre."})
    details = {"from": str(collection.closes_at), "to": str(closes_at)}
    reschedule(collection, closes_at, now)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="collection.extended",
        reason=reason,
        details=details,
    )
    await _doubt(session, caller, purchase, closes_at, insistence, now)
    await tell_referents(session, purchase, now, notices.extended, closes_at=closes_at, reason=reason)
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
    purchase, collection, now = await _locked_for(session, caller, purchase_id, clock, reason)
    if collection is None or purchase.state != PurchaseState.CLOSED:
        raise Conflict("Seule une collecte close peut être rouverte.", code="transition_refused")
    ended = await current_consolidation(session, purchase_id)
    details: dict[str, object] = {"ended_consolidation": ended.number} if ended else {}
    life_of(purchase).move(
        session, purchase, PurchaseState.OPEN, at=now, person_id=caller.person_id, reason=reason, details=details
    )
    reschedule(collection, closes_at, now)
    await take_in_silent(session, purchase)
    await _doubt(session, caller, purchase, closes_at, insistence, now)
    await tell_referents(session, purchase, now, notices.reopened, closes_at=closes_at, reason=reason)
    return purchase


async def _locked_for(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, reason: str
) -> tuple[Purchase, Collection | None, datetime]:
    """The purchase and its collection, locked alone by its lead buyer who says why, and the time once that is won."""
    purchase, collection = await lock_with_collection(session, purchase_id)
    may_run.require(caller, purchase)
    if not reason:
        raise Invalid({"reason": SAY_WHY})
    return purchase, collection, await clock.at_database(session)


async def close_what_is_due(session: AsyncSession, clock: Clock) -> list[str]:
    """The sweep's part: closes this group's collections that are past their date. Returns their references.

    Those that somebody is closing or filing into at this moment are left to the next sweep, a minute later.
    """
    now = await clock.at_database(session)
    due = await session.execute(
        select(Purchase, Collection)
        .join(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(*to_close(now))
        .order_by(col(Purchase.id))
        .with_for_update(skip_locked=True)
    )
    found = [(purchase, collection) for purchase, collection in due]
    free = await lock_where_free(session, "purchase", [purchase.id for purchase, _ in found])
    closed = []
    for purchase, collection in found:
        if purchase.id not in free:
            continue
        life_of(purchase).move(session, purchase, PurchaseState.CLOSED, at=now, person_id=None)
        close_now(collection, now)
        closed.append(purchase)
    await leave_out_silent(session, closed)
    return [purchase.reference for purchase in closed]

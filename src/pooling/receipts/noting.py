"""Noting what arrived, correcting it, withdrawing it. A receipt stands as it was noted: what is corrected is withdrawn
and replaced. The same arrival noted by two people at once is one: the purchase's lock lets one after the other in, and
the second is told who noted it when.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import fetch, group_of, insert_many
from pooling.kernel.doubts import Doubtful, Insistence, insist
from pooling.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.files import Upload
from pooling.members.rights import Caller
from pooling.orders.models import Order
from pooling.orders.rules import LEFT
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.receipts.finishing import finish_delivery
from pooling.receipts.models import Receipt, ReceiptLine
from pooling.receipts.permissions import notes_for
from pooling.receipts.photos import keep_photos, move_photos
from pooling.receipts.queries import LineShown, delivered_of, lines_of, members_of_receipt, receipts_by_id
from pooling.receipts.rules import Arrival, Arrived, exceeds, excess_said, is_same
from pooling.receipts.schemas import NotedIn, ReceiptIn
from pooling.web.typography import date_short, date_time_long

RECEIVING = (PurchaseState.CLOSED, PurchaseState.ORDERED, PurchaseState.DELIVERED)
"""States of a purchase in which what arrives is noted: one of its orders may come before another one leaves."""
NOTHING = "Indiquez au moins une quantité : ce qui est arrivé, ou ce qui est refusé."
SAY_WHY = "Dites pourquoi ces unités sont refusées : le fournisseur le lira."


@dataclass(frozen=True)
class Kept:
    """The receipt that stands now."""

    id: int
    again: bool = False
    """The same form had noted it already."""
    delivered: bool = False
    """With it, all that the purchase ordered has come."""


@dataclass(frozen=True)
class _At:
    """The locked order that somebody notes something of, and when."""

    session: AsyncSession
    caller: Caller
    purchase: Purchase
    order: Order
    now: datetime


async def note_receipt(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    order_id: int,
    command: ReceiptIn,
    now: datetime,
    zone: ZoneInfo,
    *,
    insistence: Insistence | None,
    photos: Sequence[Upload] = (),
) -> Kept:
    """Notes one arrival of goods of an order that has left.

    Raises:
        Forbidden: the caller notes not what one of these members receives.
        NotFound: the purchase has no such order.
        Conflict: the order is not with its supplier, or the purchase is over.
        Invalid: nothing arrived, a line is of another order, units refused without a reason, a day to come, a picture
            that is none; at `lines.{place}`, `received_on`, `photos`.
        Doubtful: it may be noted already, or is more than the order lets, and nobody insists.
    """
    purchase, order = await lock_order(session, purchase_id, order_id)
    require_receiving(purchase, order)
    if command.token and (found := await _of_token(session, order_id, command.token)):
        return Kept(found, again=True)
    return await _note(_At(session, caller, purchase, order, now), command, zone, insistence, photos)


async def correct_receipt(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    receipt_id: int,
    command: ReceiptIn,
    now: datetime,
    zone: ZoneInfo,
    *,
    reason: str,
    insistence: Insistence | None,
    photos: Sequence[Upload] = (),
) -> Kept:
    """Replaces a receipt by another one, which says what really arrived. The first stays, withdrawn.

    Raises: as `note_receipt`; Conflict where it is withdrawn already, Invalid without a reason.
    """
    purchase, order, receipt = await _lock_receipt(session, purchase_id, receipt_id)
    if command.token and (found := await _of_token(session, order.id, command.token)):
        return Kept(found, again=True)
    at = _At(session, caller, purchase, order, now)
    before = await _withdraw(at, receipt, reason)
    kept = await _note(at, command, zone, insistence, photos, replaces=receipt, before=before)
    await move_photos(session, receipt.id, kept.id)
    return kept


async def withdraw_receipt(
    session: AsyncSession, caller: Caller, purchase_id: int, receipt_id: int, now: datetime, *, reason: str
) -> None:
    """Says that it never arrived: the receipt stays, and counts no more.

    Raises:
        Forbidden: the caller notes not what all its members receive.
        NotFound: the purchase has no such receipt.
        Conflict: it is withdrawn already, or the purchase is over.
        Invalid: no reason is given.
    """
    purchase, order, receipt = await _lock_receipt(session, purchase_id, receipt_id)
    at = _At(session, caller, purchase, order, now)
    before = await _withdraw(at, receipt, reason)
    _tell(at, receipt.id, "receipt.withdrawn", reason=reason, before=before)


async def lock_order(session: AsyncSession, purchase_id: int, order_id: int) -> tuple[Purchase, Order]:
    """Both alone, the purchase first.

    Raises:
        NotFound: the purchase has no such order.
    """
    purchase = await lock_purchase(session, purchase_id)
    found = await session.execute(
        select(Order)
        .where(col(Order.purchase_id) == purchase_id, col(Order.id) == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    order: Order | None = found.scalar_one_or_none()
    if order is None:
        raise NotFound
    return purchase, order


def require_receiving(purchase: Purchase, order: Order) -> None:
    """Raises:
    Conflict: nothing more is noted of this order.
    """
    if purchase.state not in RECEIVING:
        raise Conflict("Cet achat est terminé : ce qui a été reçu ne change plus.", code="purchase_over")
    if order.state not in LEFT:
        raise Conflict(
            f"La commande {order.reference} n’est pas chez son fournisseur : rien n’en est attendu.",
            code="order_not_sent",
        )


async def _of_token(session: AsyncSession, order_id: int, token: str) -> int | None:
    found = await session.execute(
        select(col(Receipt.id)).where(col(Receipt.order_id) == order_id, col(Receipt.token) == token)
    )
    receipt_id: int | None = found.scalar_one_or_none()
    return receipt_id


async def _lock_receipt(session: AsyncSession, purchase_id: int, receipt_id: int) -> tuple[Purchase, Order, Receipt]:
    order_of = await session.execute(select(col(Receipt.order_id)).where(col(Receipt.id) == receipt_id))
    order_id = order_of.scalar_one_or_none()
    if order_id is None:
        raise NotFound
    purchase, order = await lock_order(session, purchase_id, order_id)
    receipt = await session.get_one(Receipt, (group_of(session), receipt_id), populate_existing=True)
    return purchase, order, receipt


async def _withdraw(at: _At, receipt: Receipt, reason: str) -> dict[str, str]:
    """What it said, by the code of each item."""
    session, caller = at.session, at.caller
    if not notes_for(caller, at.purchase, await members_of_receipt(session, receipt.id)):
        raise Forbidden
    require_receiving(at.purchase, at.order)
    if receipt.withdrawn_at is not None:
        raise Conflict(
            "Cette réception est déjà retirée ou corrigée : rechargez la page pour voir ce qui vaut.",
            code="already_withdrawn",
        )
    if not reason:
        raise Invalid({"reason": "Dites pourquoi : les autres le liront."})
    receipt.withdrawn_at, receipt.withdrawn_by, receipt.withdrawn_because = at.now, caller.person_id, reason
    await session.flush()
    return await _said(session, receipt.id)


async def _note(
    at: _At,
    command: ReceiptIn,
    zone: ZoneInfo,
    insistence: Insistence | None,
    photos: Sequence[Upload],
    *,
    replaces: Receipt | None = None,
    before: Mapping[str, str] | None = None,
) -> Kept:
    session, caller, order = at.session, at.caller, at.order
    lines = await _known_lines(session, order, command)
    members = {line.member_id for line in lines.values()}
    if not notes_for(caller, at.purchase, members):
        raise Forbidden
    _check(command, at.now.astimezone(zone))
    doubts = [
        *_early(order, command, zone),
        *await _excess(session, order, command.lines, lines),
        *await _noted_already(at, command, zone),
    ]
    _insist(at, doubts, insistence)
    receipt = Receipt(
        group_id=caller.group_id,
        order_id=order.id,
        received_on=command.received_on,
        delivery_note=command.delivery_note,
        note=command.note,
        noted_at=at.now,
        noted_by=caller.person_id,
        token=command.token,
        replaces_id=replaces.id if replaces else None,
    )
    session.add(receipt)
    await session.flush()
    await insert_many(session, ReceiptLine, [_row(receipt.id, one) for one in command.lines])
    await keep_photos(session, receipt.id, photos, at.now, person_id=caller.person_id)
    name = "receipt.corrected" if replaces else "receipt.noted"
    reason = replaces.withdrawn_because if replaces else None
    _tell(at, receipt.id, name, reason=reason, before=before, after=_in_words(command.lines, lines), members=members)
    return Kept(receipt.id, delivered=await finish_delivery(session, caller, at.purchase, order, at.now))


def _row(receipt_id: int, one: NotedIn) -> dict[str, object]:
    return {
        "receipt_id": receipt_id,
        "order_line_id": one.line,
        "accepted": one.accepted,
        "refused": one.refused,
        "reason": one.reason if one.refused else "",
    }


async def _known_lines(session: AsyncSession, order: Order, command: ReceiptIn) -> dict[int, LineShown]:
    """The order's lines that are named, by their ids; those without units are none of an arrival."""
    if not command.lines:
        raise Invalid({"": NOTHING})
    lines = {line.id: line for line in await lines_of(session, order.id, lines=[one.line for one in command.lines])}
    errors: dict[str, str] = {}
    seen: set[int] = set()
    for place, one in enumerate(command.lines):
        if one.line not in lines:
            errors[f"lines.{place}"] = "Cette ligne n’est pas de cette commande."
        elif one.line in seen:
            errors[f"lines.{place}"] = "Cette ligne est indiquée deux fois."
        seen.add(one.line)
    if errors:
        raise Invalid(errors)
    return lines


def _check(command: ReceiptIn, now: datetime) -> None:
    errors = {f"lines.{place}": NOTHING for place, one in enumerate(command.lines) if not one.accepted + one.refused}
    errors |= {
        f"lines.{place}.reason": SAY_WHY for place, one in enumerate(command.lines) if one.refused and not one.reason
    }
    if command.received_on > now.date():
        errors["received_on"] = "Indiquez un jour passé, ou aujourd’hui : ce qui n’est pas arrivé ne se note pas."
    if errors:
        raise Invalid(errors)


Doubt = tuple[str, str]
"""As it is told, and as the journal keeps it: without the name of a person."""


def _early(order: Order, command: ReceiptIn, zone: ZoneInfo) -> list[Doubt]:
    if order.sent_at is None or command.received_on >= order.sent_at.astimezone(zone).date():
        return []
    sent = date_short(order.sent_at.astimezone(zone).date())
    said = f"La commande {order.reference} n’est partie que le {sent} : vérifiez le jour de l’arrivée."
    return [(said, said)]


async def _excess(
    session: AsyncSession, order: Order, noted: Sequence[NotedIn], lines: Mapping[int, LineShown]
) -> list[Doubt]:
    """Of items of which more comes than the order and its tolerance let. Nothing is added up where no line gets more
    than it asks for.
    """
    more: dict[int, int] = {}
    for one in noted:
        line = lines[one.line]
        known = line.arrived
        after = Arrived(known.ordered, known.accepted + one.accepted, known.refused + one.refused)
        more[line.item_id] = more.get(line.item_id, 0) + after.over - known.over
    if not any(more.values()):
        return []
    found = []
    for item in (await delivered_of(session, [order.id]))[order.id].items:
        known_item = item.arrived
        after_item = replace(known_item, over=known_item.over + more.get(item.item_id, 0))
        if exceeds(known_item, after_item):
            said = excess_said(item.name, item.unit, after_item)
            found.append((said, said))
    return found


_SHARED = """
SELECT r.id, r.received_on, r.delivery_note, array_agg(x.order_line_id) AS lines,
    array_agg(x.accepted) AS accepted, array_agg(x.refused) AS refused
FROM receipt_lines x
JOIN receipts r ON r.group_id = x.group_id AND r.id = x.receipt_id AND r.withdrawn_at IS NULL
WHERE x.group_id = $1 AND x.order_line_id = ANY ($2::bigint[])
GROUP BY r.group_id, r.id ORDER BY r.id DESC"""


async def _noted_already(at: _At, command: ReceiptIn, zone: ZoneInfo) -> list[Doubt]:
    """That somebody else has noted the same; one that is being replaced is withdrawn by now."""
    units = {one.line: (one.accepted, one.refused) for one in command.lines}
    arrival = Arrival(command.received_on, command.delivery_note, units)
    rows = await fetch(at.session, _SHARED, group_of(at.session), list(units))
    alike = [row["id"] for row in rows if is_same(arrival, _arrival(row))]
    known = await receipts_by_id(at.session, at.purchase.id, alike) if alike else {}
    found = []
    for receipt_id in alike:
        receipt = known[receipt_id]
        under = f", bon de livraison {receipt.delivery_note}" if receipt.delivery_note else ""
        when = date_time_long(receipt.noted_at, zone)
        told = (
            f"{receipt.noted_by or 'Quelqu’un'} a déjà noté une arrivée semblable, {when}{under}. "
            "Si la vôtre est une autre livraison, confirmez-le."
        )
        found.append((told, f"Une arrivée semblable était déjà notée, {when}{under}."))
    return found


def _arrival(row: Mapping[str, object]) -> Arrival:
    units = zip(row["accepted"], row["refused"], strict=True)  # type: ignore[call-overload]
    return Arrival(row["received_on"], row["delivery_note"], dict(zip(row["lines"], units, strict=True)))  # type: ignore[arg-type, call-overload]


def _insist(at: _At, doubts: Sequence[Doubt], insistence: Insistence | None) -> None:
    told = [told for told, _ in doubts]
    if insistence is None or not told:
        return
    if not insistence.covers(told):
        raise Doubtful(told)
    insist(
        at.session,
        [kept for _, kept in doubts],
        Insistence(insistence.reason),
        at=at.now,
        person_id=at.caller.person_id,
        subject=("order", at.order.id),
    )


def _in_words(noted: Sequence[NotedIn], lines: Mapping[int, LineShown]) -> dict[str, str]:
    sums: dict[str, tuple[int, int]] = {}
    for one in noted:
        code = lines[one.line].code
        accepted, refused = sums.get(code, (0, 0))
        sums[code] = accepted + one.accepted, refused + one.refused
    return {code: units_said(*units) for code, units in sums.items()}


def units_said(accepted: int, refused: int) -> str:
    return f"{accepted} (refus : {refused})" if refused else str(accepted)


_SAID = """
SELECT i.code, sum(x.accepted)::bigint AS accepted, sum(x.refused)::bigint AS refused
FROM receipt_lines x
JOIN order_lines l ON l.group_id = x.group_id AND l.id = x.order_line_id
JOIN order_items i ON i.group_id = l.group_id AND i.order_id = l.order_id AND i.item_id = l.item_id
WHERE x.group_id = $1 AND x.receipt_id = $2 GROUP BY i.code ORDER BY i.code"""


async def _said(session: AsyncSession, receipt_id: int) -> dict[str, str]:
    rows = await fetch(session, _SAID, group_of(session), receipt_id)
    return {row["code"]: units_said(row["accepted"], row["refused"]) for row in rows}


def _tell(
    at: _At,
    receipt_id: int,
    name: str,
    *,
    reason: str | None = None,
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
    members: Collection[int] = (),
) -> None:
    details: dict[str, object] = {
        "purchase_id": at.purchase.id,
        "receipt_id": receipt_id,
        "before": dict(before or {}),
        "after": dict(after or {}),
    }
    if len(members) == 1:
        details["member_id"] = next(iter(members))
    record_event(
        at.session,
        at=at.now,
        person_id=at.caller.person_id,
        subject=("order", at.order.id),
        name=name,
        reason=reason,
        details=details,
    )

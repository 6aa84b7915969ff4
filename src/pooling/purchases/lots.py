"""Lots (allotissement): a purchase is split in parts that are awarded each by itself. Optional."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.changes import changing
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.versions import OF_A_PAGE, check_version
from pooling.members.features import Copied
from pooling.members.rights import Caller
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.models import Item, Lot, Purchase, PurchaseState
from pooling.purchases.permissions import may_edit
from pooling.purchases.schemas import LotIn, LotsIn

ARRANGED = frozenset({PurchaseState.DRAFT, PurchaseState.OPEN, PurchaseState.CLOSED})
"""States in which lots may be arranged: what is ordered is ordered by lot."""


async def lots_of(session: AsyncSession, purchase_id: int) -> list[LotIn]:
    """By number, with the codes of their items in order; none where the purchase is not split."""
    found = await session.execute(select(Lot).where(col(Lot.purchase_id) == purchase_id).order_by(col(Lot.number)))
    placed: dict[int | None, list[str]] = {}
    rows = await session.execute(
        select(col(Item.lot_id), col(Item.code))
        .where(col(Item.purchase_id) == purchase_id, col(Item.lot_id).is_not(None))
        .order_by(col(Item.position), col(Item.id))
    )
    for lot_id, code in rows:
        placed.setdefault(lot_id, []).append(code)
    return [
        LotIn(number=lot.number, title=lot.title, cpv=lot.cpv, items=tuple(placed.get(lot.id, ())))
        for lot in found.scalars()
    ]


def content_of(lots: Sequence[LotIn]) -> list[dict[str, object]]:
    """What versions are told apart by."""
    return [lot.model_dump() for lot in lots]


async def arrange_lots(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: LotsIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Splits a purchase in these lots, in place of those it has; what members declared stays as it is. `shown` is the
    version that the person had before its eyes.

    Raises:
        Forbidden: the caller neither prepares nor runs it.
        Conflict: it is ordered already, or somebody else arranged its lots since.
        Invalid: two lots have one number, an item is in two of them or not of the purchase.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    require_arrangeable(purchase)
    items = await item_ids(session, purchase_id)
    _check(command.lots, items)
    before = await lots_of(session, purchase_id)
    check_version(content_of(before), shown, OF_A_PAGE)
    lots = sorted(command.lots, key=lambda lot: lot.number)
    if content_of(before) == content_of(_in_order(lots, items)):
        return
    of_it = col(Item.purchase_id) == purchase_id
    await session.execute(update(Item).where(of_it).values(lot_id=None))
    await session.execute(delete(Lot).where(col(Lot.purchase_id) == purchase_id))
    await insert_many(
        session,
        Lot,
        [{"purchase_id": purchase_id, "number": lot.number, "title": lot.title, "cpv": lot.cpv} for lot in lots],
    )
    await _place(session, purchase_id, {code: lot.number for lot in lots for code in lot.items})
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="purchase.lots_arranged",
        details={"before": _said(before), "after": _said(lots)},
    )


def _in_order(lots: Sequence[LotIn], items: Mapping[str, int]) -> list[LotIn]:
    """With their items in the order of the purchase's."""
    places = {code: place for place, code in enumerate(items)}
    return [lot.model_copy(update={"items": tuple(sorted(lot.items, key=places.__getitem__))}) for lot in lots]


async def _place(session: AsyncSession, purchase_id: int, numbers: Mapping[str, int]) -> None:
    """Puts items, by their codes, in the lots of these numbers."""
    await session.execute(
        text(
            "UPDATE items i SET lot_id = l.id "
            "FROM unnest(CAST(:codes AS text[]), CAST(:numbers AS int[])) AS p (code, number) "
            "JOIN lots l ON l.group_id = :group AND l.purchase_id = :purchase AND l.number = p.number "
            "WHERE i.group_id = :group AND i.purchase_id = :purchase AND i.code = p.code"
        ),
        {
            "codes": list(numbers),
            "numbers": list(numbers.values()),
            "group": group_of(session),
            "purchase": purchase_id,
        },
        execution_options=changing(items=[purchase_id]),
    )


def _said(lots: Sequence[LotIn]) -> dict[str, str]:
    """In words that stay, for the journal."""
    return {f"lot {lot.number}": f"{lot.title} ({', '.join(lot.items) or 'aucun article'})" for lot in lots}


def require_arrangeable(purchase: Purchase) -> None:
    """Raises:
    Conflict: it is ordered already, or cancelled.
    """
    if purchase.state not in ARRANGED:
        raise Conflict("Les lots ne changent plus une fois l’achat commandé ou annulé.", code="lots_closed")


def _check(lots: Sequence[LotIn], items: Mapping[str, int]) -> None:
    placed = [code for lot in lots for code in lot.items]
    if len({lot.number for lot in lots}) < len(lots):
        raise Invalid({"lots": "Deux lots portent le même numéro."})
    if unknown := sorted(set(placed) - set(items)):
        raise Invalid({"lots": f"Pas un article de cet achat : {enumerated(unknown)}."})
    if len(set(placed)) < len(placed):
        raise Invalid({"lots": "Un article est dans un seul lot."})


async def copy_lots(session: AsyncSession, copied: Copied) -> None:
    """The model's lots, with those of their items that go on."""
    lots = await lots_of(session, copied.model_id)
    await insert_many(
        session,
        Lot,
        [{"purchase_id": copied.purchase_id, "number": lot.number, "title": lot.title, "cpv": lot.cpv} for lot in lots],
    )
    placed = {copied.items[code]: lot.number for lot in lots for code in lot.items if code in copied.items}
    await _place(session, copied.purchase_id, placed)

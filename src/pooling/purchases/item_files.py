"""Photos and documents of an item: added and removed by whoever prepares or runs its purchase, seen by all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.attached import FilesOf, Room
from pooling.kernel.database import one_row
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, Upload
from pooling.kernel.limits import BYTES, limit
from pooling.members.rights import Caller
from pooling.purchases.details import require_under_way
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Item
from pooling.purchases.permissions import may_edit

MOST_OF_ITEM = limit(6, "Photos and documents of an item of a purchase", __name__)
LARGEST_TOGETHER = limit(100 * 1024 * 1024, "Photos and documents of a purchase's items together", __name__, unit=BYTES)
ROOM = Room(MOST_OF_ITEM, "Un article", "photos et documents", LARGEST_TOGETHER, "d’un achat")


def files_of_item(purchase_id: int, item_id: int) -> FilesOf:
    of_purchase = {"purchase_id": purchase_id}
    return FilesOf(AttachedFile, {**of_purchase, "item_id": item_id}, of_purchase)


async def attach_to_item(
    session: AsyncSession, caller: Caller, purchase_id: int, item_id: int, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these files with an item; returns their ids. All or none.

    Raises:
        Forbidden: the caller neither prepares nor runs the purchase.
        NotFound: the purchase has no such item.
        Conflict: it is settled or cancelled.
        Invalid: a file is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    name = await _lock(session, caller, purchase_id, item_id)
    files = await files_of_item(purchase_id, item_id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(
        session,
        caller,
        purchase_id,
        "purchase.files_added",
        now,
        {"item": name, "names": [file.name for file in files]},
    )
    return [file.id for file in files]


async def detach_from_item(
    session: AsyncSession, caller: Caller, purchase_id: int, item_id: int, file_id: int, now: datetime
) -> None:
    """Removes one of the item's files.

    Raises: as `attach_to_item`; NotFound when the item has no such file.
    """
    name = await _lock(session, caller, purchase_id, item_id)
    removed = await files_of_item(purchase_id, item_id).remove(session, file_id)
    _tell(session, caller, purchase_id, "purchase.file_removed", now, {"item": name, "names": [removed]})


async def _lock(session: AsyncSession, caller: Caller, purchase_id: int, item_id: int) -> str:
    """The purchase, for whoever may change it. Returns what the item is called."""
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    require_under_way(purchase)
    its = select(Item).where(col(Item.purchase_id) == purchase_id, col(Item.id) == item_id)
    return (await one_row(session, its)).name


def _tell(
    session: AsyncSession, caller: Caller, purchase_id: int, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=name,
        details=details,
    )

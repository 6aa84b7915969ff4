"""Photos and documents of an item: added and removed by whoever prepares or runs its purchase, seen by all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import one_row
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, File, Upload, file_with_content, forget_files, store_files
from pooling.kernel.limits import BYTES, limit
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import linked
from pooling.members.rights import Caller
from pooling.purchases.details import require_under_way
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Item
from pooling.purchases.permissions import may_edit

MOST_OF_ITEM = limit(6, "Photos and documents of an item of a purchase", __name__)
LARGEST_TOGETHER = limit(100 * 1024 * 1024, "Photos and documents of a purchase's items together", __name__, unit=BYTES)
FIELD = "files"


@dataclass(frozen=True)
class ItemFile:
    """A file as pages list it."""

    id: int
    name: str
    size: int
    media_type: str

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


async def files_of_item(session: AsyncSession, item_id: int) -> list[ItemFile]:
    """In the order in which they were added."""
    columns = (col(File.id), col(File.name), col(File.size), col(File.media_type))
    found = await session.execute(_files(*columns).where(col(AttachedFile.item_id) == item_id).order_by(col(File.id)))
    return [ItemFile(*row) for row in found]


def _files(*columns: object) -> AnySelect:
    statement: AnySelect = select(*columns)  # type: ignore[call-overload]
    return statement.select_from(AttachedFile).join(File, linked(AttachedFile.file_id, File.id))


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
    await _require_room(session, purchase_id, item_id, sent)
    files = await store_files(session, sent, now, person_id=caller.person_id, field=FIELD)
    session.add_all(
        AttachedFile(group_id=caller.group_id, file_id=file.id, purchase_id=purchase_id, item_id=item_id)
        for file in files
    )
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
    file, _ = await read_item_file(session, item_id, file_id)
    removed = file.name
    await forget_files(session, col(AttachedFile.file_id) == file_id)
    _tell(session, caller, purchase_id, "purchase.file_removed", now, {"item": name, "names": [removed]})


async def read_item_file(session: AsyncSession, item_id: int, file_id: int) -> tuple[File, bytes]:
    """One of the item's files with its content.

    Raises:
        NotFound: the item has no such file.
    """
    its = _files(col(File.id)).where(col(File.id) == file_id, col(AttachedFile.item_id) == item_id)
    if (await session.execute(its)).first() is None:
        raise NotFound
    return await file_with_content(session, file_id)


async def _lock(session: AsyncSession, caller: Caller, purchase_id: int, item_id: int) -> str:
    """The purchase, for whoever may change it. Returns what the item is called."""
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    require_under_way(purchase)
    its = select(Item).where(col(Item.purchase_id) == purchase_id, col(Item.id) == item_id)
    return (await one_row(session, its)).name


async def _require_room(session: AsyncSession, purchase_id: int, item_id: int, sent: Sequence[Upload]) -> None:
    row = await session.execute(
        _files(
            func.count().filter(col(AttachedFile.item_id) == item_id), func.coalesce(func.sum(col(File.size)), 0)
        ).where(col(AttachedFile.purchase_id) == purchase_id)
    )
    count, size = row.one()
    if count + len(sent) > MOST_OF_ITEM:
        raise Invalid({FIELD: f"Un article a {MOST_OF_ITEM} photos et documents au plus : il y en a déjà {count}."})
    if size + sum(len(one.content) for one in sent) > LARGEST_TOGETHER:
        most = LARGEST_TOGETHER // 2**20
        raise Invalid({FIELD: f"Les photos et documents d’un achat font {most} Mo au plus, ensemble."})


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

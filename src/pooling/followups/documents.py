"""Documents of a purchase run elsewhere: added and removed by its lead buyer, read by the group."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.followups.keeping import lock_followed
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, File, Upload, file_with_content, forget_files, store_files
from pooling.kernel.limits import BYTES, limit
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import linked
from pooling.members.rights import Caller
from pooling.purchases.item_files import ItemFile

MOST_DOCUMENTS = limit(30, "Documents of a purchase run elsewhere", __name__)
LARGEST_TOGETHER = limit(100 * 1024 * 1024, "Documents of a purchase run elsewhere together", __name__, unit=BYTES)
FIELD = "files"


async def documents_of(session: AsyncSession, purchase_id: int) -> list[ItemFile]:
    """In the order in which they were added."""
    found = await session.execute(
        _files(purchase_id, col(File.id), col(File.name), col(File.size), col(File.media_type)).order_by(col(File.id))
    )
    return [ItemFile(*row) for row in found]


def _files(purchase_id: int, *columns: object) -> AnySelect:
    statement: AnySelect = select(*columns)  # type: ignore[call-overload]
    return (
        statement.select_from(AttachedFile)
        .join(File, linked(AttachedFile.file_id, File.id))
        .where(col(AttachedFile.purchase_id) == purchase_id, col(AttachedFile.item_id).is_(None))
    )


async def attach_document(
    session: AsyncSession, caller: Caller, purchase_id: int, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these files with the purchase; returns their ids. All or none.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_followed`.
        Invalid: a file is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    await lock_followed(session, caller, purchase_id)
    row = await session.execute(_files(purchase_id, func.count(), func.coalesce(func.sum(col(File.size)), 0)))
    count, size = row.one()
    if count + len(sent) > MOST_DOCUMENTS:
        raise Invalid({FIELD: f"Un achat a {MOST_DOCUMENTS} documents au plus : il y en a déjà {count}."})
    if size + sum(len(one.content) for one in sent) > LARGEST_TOGETHER:
        raise Invalid({FIELD: f"Les documents d’un achat font {LARGEST_TOGETHER // 2**20} Mo au plus, ensemble."})
    files = await store_files(session, sent, now, person_id=caller.person_id, field=FIELD)
    session.add_all(AttachedFile(group_id=caller.group_id, file_id=file.id, purchase_id=purchase_id) for file in files)
    _tell(session, caller, purchase_id, "added", now, [file.name for file in files])
    return [file.id for file in files]


async def detach_document(session: AsyncSession, caller: Caller, purchase_id: int, file_id: int, now: datetime) -> None:
    """Removes one of them.

    Raises: as `attach_document`; NotFound when the purchase has no such document.
    """
    await lock_followed(session, caller, purchase_id)
    file, _ = await read_document(session, purchase_id, file_id)
    removed = file.name
    await forget_files(session, col(AttachedFile.file_id) == file_id)
    _tell(session, caller, purchase_id, "removed", now, [removed])


async def read_document(session: AsyncSession, purchase_id: int, file_id: int) -> tuple[File, bytes]:
    """One of them with its content.

    Raises:
        NotFound: the purchase has no such document.
    """
    if (await session.execute(_files(purchase_id, col(File.id)).where(col(File.id) == file_id))).first() is None:
        raise NotFound
    return await file_with_content(session, file_id)


def _tell(
    session: AsyncSession, caller: Caller, purchase_id: int, done: str, now: datetime, names: Sequence[str]
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=f"followup.document_{done}",
        details={"names": list(names)},
    )

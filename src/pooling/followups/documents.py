"""Documents of a purchase run elsewhere: added and removed by its lead buyer, read by the group."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.followups.keeping import lock_followed
from pooling.kernel.attached import FilesOf, Room
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, Upload
from pooling.kernel.limits import BYTES, limit
from pooling.members.rights import Caller

MOST_DOCUMENTS = limit(30, "Documents of a purchase run elsewhere", __name__)
LARGEST_TOGETHER = limit(100 * 1024 * 1024, "Documents of a purchase run elsewhere together", __name__, unit=BYTES)
ROOM = Room(MOST_DOCUMENTS, "Un achat", heaviest=LARGEST_TOGETHER, together="d’un achat")


def documents_of(purchase_id: int) -> FilesOf:
    return FilesOf(AttachedFile, {"purchase_id": purchase_id, "item_id": None})


async def attach_document(
    session: AsyncSession, caller: Caller, purchase_id: int, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these files with the purchase; returns their ids. All or none.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_followed`.
        Invalid: a file is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    await lock_followed(session, caller, purchase_id)
    files = await documents_of(purchase_id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(session, caller, purchase_id, "added", now, [file.name for file in files])
    return [file.id for file in files]


async def detach_document(session: AsyncSession, caller: Caller, purchase_id: int, file_id: int, now: datetime) -> None:
    """Removes one of them.

    Raises: as `attach_document`; NotFound when the purchase has no such document.
    """
    await lock_followed(session, caller, purchase_id)
    removed = await documents_of(purchase_id).remove(session, file_id)
    _tell(session, caller, purchase_id, "removed", now, [removed])


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

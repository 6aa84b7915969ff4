"""Documents that go with an action: added and removed by whoever writes its sheet, read by all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.actions.keeping import find_action
from pooling.actions.permissions import may_write
from pooling.kernel.attached import FilesOf, Room
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, Upload
from pooling.kernel.limits import BYTES, limit
from pooling.members.rights import Caller

MOST_OF_ACTION = limit(20, "Documents of an action", __name__)
LARGEST_TOGETHER = limit(50 * 1024 * 1024, "Documents of an action together", __name__, unit=BYTES)
ROOM = Room(MOST_OF_ACTION, "Une action", heaviest=LARGEST_TOGETHER, together="d’une action")


def files_of_action(action_id: int) -> FilesOf:
    """With its sheet: not those of what members answer to its terms."""
    return FilesOf(AttachedFile, {"action_id": action_id, "answering_id": None})


async def attach_to_action(
    session: AsyncSession, caller: Caller, reference: str, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these documents with an action; returns their ids. All or none.

    Raises:
        NotFound: the group has no such action.
        Forbidden: see `may_write`.
        Invalid: one is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    action = await find_action(session, reference, locked=True)
    may_write.require(caller, action)
    files = await files_of_action(action.id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(session, caller, action.id, "action.files_added", now, [file.name for file in files])
    return [file.id for file in files]


async def detach_from_action(
    session: AsyncSession, caller: Caller, reference: str, file_id: int, now: datetime
) -> None:
    """Removes one of its documents.

    Raises: as `attach_to_action`; NotFound when the action has no such document.
    """
    action = await find_action(session, reference, locked=True)
    may_write.require(caller, action)
    removed = await files_of_action(action.id).remove(session, file_id)
    _tell(session, caller, action.id, "action.file_removed", now, [removed])


def _tell(
    session: AsyncSession, caller: Caller, action_id: int, name: str, now: datetime, names: Sequence[str]
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("action", action_id),
        name=name,
        details={"names": list(names)},
    )

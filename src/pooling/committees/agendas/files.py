"""Files that go with an agenda item or with the minutes: added and removed by who writes the committee, seen by all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.locking import lock_to_write, record_change
from pooling.committees.models import AgendaItem, Committee, CommitteeState
from pooling.kernel.attached import FileShown, FilesOf, Room, files_by
from pooling.kernel.database import one_row
from pooling.kernel.errors import Conflict
from pooling.kernel.files import (
    LARGEST_FILE,
    AttachedFile,
    Upload,
    forget_files,
)
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.tables import any_of, known_id
from pooling.members.rights import Caller

MOST_OF_ITEM = limit(10, "Files of an agenda item", __name__)
MOST_OF_MINUTES = limit(20, "Files of minutes", __name__)
LARGEST_TOGETHER = limit(100 * 1024 * 1024, "Files of a committee together", __name__, unit=BYTES)
"""Bytes: all the files of one committee."""
LARGEST_SENDING = limit(25 * 1024 * 1024, "Files of one form together", __name__, Readers.OPERATORS, unit=BYTES)
"""Bytes: what one form may send at once."""
HINT = (
    f"Plusieurs fichiers à la fois si vous voulez : {LARGEST_FILE // 2**20} Mo au plus chacun, "
    f"{LARGEST_SENDING // 2**20} Mo par envoi."
)
_ENDED = {CommitteeState.MINUTED, CommitteeState.CANCELLED}


async def attach_files(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    sent: Sequence[Upload],
    now: datetime,
    *,
    agenda_item_id: int | None = None,
) -> list[int]:
    """Keeps these files with an agenda item or, without one, with the minutes; returns their ids. All or none.

    Raises:
        Forbidden: the caller neither manages committees nor is this one's secretary.
        NotFound: there is no such committee, or no such item on its agenda.
        Conflict: its minutes are published, or it was cancelled.
        Invalid: a file is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    committee = await lock_to_write(session, caller, committee_id)
    _require_not_ended(committee)
    if agenda_item_id is not None:
        await _require_item(session, committee_id, agenda_item_id)
    room = Room(
        MOST_OF_MINUTES if agenda_item_id is None else MOST_OF_ITEM,
        "Le compte-rendu" if agenda_item_id is None else "Un point",
        "pièces jointes",
        LARGEST_TOGETHER,
        "d’un comité",
    )
    whole = {"committee_id": committee_id}
    where = FilesOf(AttachedFile, {**whole, "agenda_item_id": agenda_item_id}, whole)
    files = await where.add(session, sent, now, room, person_id=caller.person_id)
    record_change(session, caller, committee, "files_added", now, details={"names": [file.name for file in files]})
    return [file.id for file in files]


async def detach_file(
    session: AsyncSession, caller: Caller, committee_id: int, file_id: int, now: datetime
) -> int | None:
    """Removes one of the committee's files; returns the agenda item that it went with, None for the minutes.

    Raises: as `attach_files`; NotFound when the committee has no such file.
    """
    committee = await lock_to_write(session, caller, committee_id)
    _require_not_ended(committee)
    tie = await one_row(
        session,
        select(AttachedFile).where(
            col(AttachedFile.file_id) == known_id(file_id), col(AttachedFile.committee_id) == committee_id
        ),
    )
    point, name = tie.agenda_item_id, await files_of_committee(committee_id).remove(session, file_id)
    record_change(session, caller, committee, "file_removed", now, details={"names": [name]})
    return point


def files_of_committee(committee_id: int) -> FilesOf:
    """All of them, of the agenda and of the minutes."""
    return FilesOf(AttachedFile, {"committee_id": committee_id})


async def files_of(session: AsyncSession, committee_id: int) -> dict[int | None, list[FileShown]]:
    """The committee's files by agenda item, in the order in which they were added; None stands for the minutes."""
    its = col(AttachedFile.committee_id) == committee_id
    return await files_by(session, AttachedFile.agenda_item_id, its)


async def forget_files_of_items(session: AsyncSession, item_ids: Sequence[int]) -> None:
    """For items that leave an agenda."""
    await forget_files(session, any_of(col(AttachedFile.agenda_item_id), item_ids))


def may_change(committee: Committee) -> bool:
    """Whether its files still change: until its minutes are published."""
    return committee.state not in _ENDED


def _require_not_ended(committee: Committee) -> None:
    if not may_change(committee):
        raise Conflict("Ce comité est terminé : ses pièces jointes ne changent plus.", code="committee_ended")


async def _require_item(session: AsyncSession, committee_id: int, item_id: int) -> None:
    await one_row(
        session,
        select(col(AgendaItem.id)).where(col(AgendaItem.id) == item_id, col(AgendaItem.committee_id) == committee_id),
    )

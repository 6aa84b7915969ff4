"""Files that go with an agenda item or with the minutes: added and removed by who writes the committee, seen by all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.locking import lock_to_write, record_change
from pooling.committees.models import AgendaItem, Committee, CommitteeState
from pooling.kernel.database import one_row
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.files import (
    LARGEST_FILE,
    AttachedFile,
    File,
    Upload,
    file_with_content,
    forget_files,
    remove_files,
    store_files,
)
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.tables import any_of, linked
from pooling.members.rights import Caller

MOST_OF_ITEM = limit(10, "Files of an agenda item", __name__)
MOST_OF_MINUTES = limit(20, "Files of minutes", __name__)
LARGEST_TOGETHER = limit(100 * 1024 * 1024, "Files of a committee together", __name__, unit=BYTES)
"""Bytes: all the files of one committee."""
LARGEST_SENDING = limit(25 * 1024 * 1024, "Files of one form together", __name__, Readers.OPERATORS, unit=BYTES)
"""Bytes: what one form may send at once."""
FIELD = "files"
HINT = (
    f"Plusieurs fichiers à la fois si vous voulez : {LARGEST_FILE // 2**20} Mo au plus chacun, "
    f"{LARGEST_SENDING // 2**20} Mo par envoi."
)
_ENDED = {CommitteeState.MINUTED, CommitteeState.CANCELLED}


@dataclass(frozen=True)
class FileLine:
    """A file as pages list it."""

    id: int
    name: str
    size: int
    agenda_item_id: int | None


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
    await _require_room(session, committee_id, agenda_item_id, sent)
    files = await store_files(session, sent, now, person_id=caller.person_id, field=FIELD)
    session.add_all(
        AttachedFile(
            group_id=committee.group_id, file_id=file.id, committee_id=committee_id, agenda_item_id=agenda_item_id
        )
        for file in files
    )
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
    name = (await _file_of(session, committee_id, file_id)).name
    removed = await session.execute(
        delete(AttachedFile).where(col(AttachedFile.file_id) == file_id).returning(col(AttachedFile.agenda_item_id))
    )
    await remove_files(session, [file_id])
    record_change(session, caller, committee, "file_removed", now, details={"names": [name]})
    return removed.scalar_one()


async def read_attachment(session: AsyncSession, committee_id: int, file_id: int) -> tuple[File, bytes]:
    """One of the committee's files with its content.

    Raises:
        NotFound: the committee has no such file.
    """
    await _file_of(session, committee_id, file_id)
    return await file_with_content(session, file_id)


async def files_of(session: AsyncSession, committee_id: int) -> dict[int | None, list[FileLine]]:
    """The committee's files by agenda item, in the order in which they were added; None stands for the minutes."""
    rows = await session.execute(
        select(col(File.id), col(File.name), col(File.size), col(AttachedFile.agenda_item_id))
        .join(AttachedFile, linked(AttachedFile.file_id, File.id))
        .where(col(AttachedFile.committee_id) == committee_id)
        .order_by(col(File.id))
    )
    by_item: dict[int | None, list[FileLine]] = {}
    for row in rows:
        line = FileLine(*row)
        by_item.setdefault(line.agenda_item_id, []).append(line)
    return by_item


async def forget_files_of_items(session: AsyncSession, item_ids: Sequence[int]) -> None:
    """For items that leave an agenda."""
    await forget_files(session, any_of(col(AttachedFile.agenda_item_id), item_ids))


async def _file_of(session: AsyncSession, committee_id: int, file_id: int) -> File:
    return await one_row(
        session,
        select(File)
        .join(AttachedFile, linked(AttachedFile.file_id, File.id))
        .where(col(File.id) == file_id, col(AttachedFile.committee_id) == committee_id),
    )


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


async def _require_room(session: AsyncSession, committee_id: int, item_id: int | None, sent: Sequence[Upload]) -> None:
    beside = col(AttachedFile.agenda_item_id).is_not_distinct_from(item_id)
    rows = await session.execute(
        select(func.count().filter(beside), func.coalesce(func.sum(col(File.size)), 0))
        .select_from(AttachedFile)
        .join(File, linked(AttachedFile.file_id, File.id))
        .where(col(AttachedFile.committee_id) == committee_id)
    )
    count, size = rows.one()
    most = MOST_OF_MINUTES if item_id is None else MOST_OF_ITEM
    if count + len(sent) > most:
        place = "Le compte-rendu" if item_id is None else "Un point"
        raise Invalid({FIELD: f"{place} a {most} pièces jointes au plus : il y en a déjà {count}."})
    if size + sum(len(one.content) for one in sent) > LARGEST_TOGETHER:
        raise Invalid({FIELD: f"Les pièces d’un comité font {LARGEST_TOGETHER // 2**20} Mo au plus, ensemble."})

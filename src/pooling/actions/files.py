"""Documents that go with an action: added and removed by whoever writes its sheet, read by all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.keeping import find_action
from pooling.actions.permissions import may_write
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, File, Upload, file_with_content, forget_files, store_files
from pooling.kernel.limits import BYTES, limit
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import known_id, linked
from pooling.members.rights import Caller

MOST_OF_ACTION = limit(20, "Documents of an action", __name__)
LARGEST_TOGETHER = limit(50 * 1024 * 1024, "Documents of an action together", __name__, unit=BYTES)
FIELD = "files"


@dataclass(frozen=True)
class ActionFile:
    """A document as pages list it."""

    id: int
    name: str
    size: int


async def files_of_action(session: AsyncSession, action_id: int) -> list[ActionFile]:
    """In the order in which they were added."""
    columns = (col(File.id), col(File.name), col(File.size))
    found = await session.execute(_files(*columns).where(_of(action_id)).order_by(col(File.id)))
    return [ActionFile(*row) for row in found]


def _files(*columns: object) -> AnySelect:
    statement: AnySelect = select(*columns)  # type: ignore[call-overload]
    return statement.select_from(AttachedFile).join(File, linked(AttachedFile.file_id, File.id))


def _of(action_id: int) -> ColumnElement[bool]:
    """With its sheet: not those of what members answer to its terms."""
    return and_(col(AttachedFile.action_id) == action_id, col(AttachedFile.answering_id).is_(None))


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
    row = await session.execute(_files(func.count(), func.coalesce(func.sum(col(File.size)), 0)).where(_of(action.id)))
    count, size = row.one()
    if count + len(sent) > MOST_OF_ACTION:
        raise Invalid({FIELD: f"Une action a {MOST_OF_ACTION} documents au plus : il y en a déjà {count}."})
    if size + sum(len(one.content) for one in sent) > LARGEST_TOGETHER:
        raise Invalid({FIELD: f"Les documents d’une action font {LARGEST_TOGETHER // 2**20} Mo au plus, ensemble."})
    files = await store_files(session, sent, now, person_id=caller.person_id, field=FIELD)
    session.add_all(AttachedFile(group_id=caller.group_id, file_id=file.id, action_id=action.id) for file in files)
    _tell(session, caller, action.id, "action.files_added", now, [file.name for file in files])
    await session.flush()
    return [file.id for file in files]


async def detach_from_action(
    session: AsyncSession, caller: Caller, reference: str, file_id: int, now: datetime
) -> None:
    """Removes one of its documents.

    Raises: as `attach_to_action`; NotFound when the action has no such document.
    """
    action = await find_action(session, reference, locked=True)
    may_write.require(caller, action)
    file, _ = await read_action_file(session, action.id, file_id)
    removed = file.name
    await forget_files(session, col(AttachedFile.file_id) == file_id)
    _tell(session, caller, action.id, "action.file_removed", now, [removed])


async def read_action_file(session: AsyncSession, action_id: int, file_id: int) -> tuple[File, bytes]:
    """One of its documents with its content.

    Raises:
        NotFound: the action has no such document.
    """
    its = _files(col(File.id)).where(col(File.id) == known_id(file_id), _of(action_id))
    if (await session.execute(its)).first() is None:
        raise NotFound
    return await file_with_content(session, file_id)


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

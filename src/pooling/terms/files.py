"""Files that go with what a member answers to terms, its deliberation first: added and removed by whoever answers for
it, read by the group.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, File, Upload, file_with_content, forget_files, store_files
from pooling.kernel.limits import BYTES, limit
from pooling.kernel.slices import AnySelect
from pooling.kernel.tables import known_id, linked
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.terms.keeping import open_action
from pooling.terms.permissions import may_answer
from pooling.terms.queries import find_answer

MOST_OF_ANSWER = limit(5, "Files of a member’s answer to terms", __name__)
LARGEST_TOGETHER = limit(25 * 1024 * 1024, "Files of a member’s answer to terms together", __name__, unit=BYTES)
FIELD = "files"


@dataclass(frozen=True)
class AnswerFile:
    """A file as pages list it."""

    id: int
    name: str
    size: int


async def files_of_answer(session: AsyncSession, action_id: int, member_id: int) -> list[AnswerFile]:
    """In the order in which they were added."""
    columns = (col(File.id), col(File.name), col(File.size))
    found = await session.execute(_files(*columns).where(_of(action_id, member_id)).order_by(col(File.id)))
    return [AnswerFile(*row) for row in found]


async def files_of_answers(session: AsyncSession, action_id: int) -> dict[int, list[AnswerFile]]:
    """Those of all members, by their ids."""
    columns = (col(AttachedFile.answering_id), col(File.id), col(File.name), col(File.size))
    with_answers = and_(col(AttachedFile.action_id) == action_id, col(AttachedFile.answering_id).is_not(None))
    found: dict[int, list[AnswerFile]] = defaultdict(list)
    for member_id, *file in await session.execute(_files(*columns).where(with_answers).order_by(col(File.id))):
        found[member_id].append(AnswerFile(*file))
    return found


def _files(*columns: object) -> AnySelect:
    statement: AnySelect = select(*columns)  # type: ignore[call-overload]
    return statement.select_from(AttachedFile).join(File, linked(AttachedFile.file_id, File.id))


def _of(action_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(col(AttachedFile.action_id) == action_id, col(AttachedFile.answering_id) == member_id)


async def attach_to_answer(
    session: AsyncSession, caller: Caller, reference: str, member: Member, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these files with what a member answers; returns their ids. All or none.

    Raises:
        NotFound: the group has no such action.
        Forbidden: see `may_answer`.
        Conflict: the action is agreed on already, or set aside; the member has not answered yet.
        Invalid: one is empty, too large or of no kind that is accepted; they are too many or too heavy together.
    """
    may_answer.require(caller, member)
    action = await open_action(session, reference)
    if await find_answer(session, action.id, member.id) is None:
        raise Conflict("Répondez d’abord : le fichier va avec la réponse.", code="not_answered")
    of_it = _of(action.id, member.id)
    row = await session.execute(_files(func.count(), func.coalesce(func.sum(col(File.size)), 0)).where(of_it))
    count, size = row.one()
    if count + len(sent) > MOST_OF_ANSWER:
        raise Invalid({FIELD: f"Une réponse a {MOST_OF_ANSWER} fichiers au plus : il y en a déjà {count}."})
    if size + sum(len(one.content) for one in sent) > LARGEST_TOGETHER:
        raise Invalid({FIELD: f"Les fichiers d’une réponse font {LARGEST_TOGETHER // 2**20} Mo au plus, ensemble."})
    files = await store_files(session, sent, now, person_id=caller.person_id, field=FIELD)
    session.add_all(
        AttachedFile(group_id=caller.group_id, file_id=file.id, action_id=action.id, answering_id=member.id)
        for file in files
    )
    _tell(session, caller, action, member, "action.answer_files_added", now, [file.name for file in files])
    await session.flush()
    return [file.id for file in files]


async def detach_from_answer(
    session: AsyncSession, caller: Caller, reference: str, member: Member, file_id: int, now: datetime
) -> None:
    """Removes one of its files.

    Raises: as `attach_to_answer`; NotFound when the answer has no such file.
    """
    may_answer.require(caller, member)
    action = await open_action(session, reference)
    file, _ = await read_answer_file(session, action.id, member.id, file_id)
    removed = file.name
    await forget_files(session, col(AttachedFile.file_id) == file_id)
    _tell(session, caller, action, member, "action.answer_file_removed", now, [removed])


async def read_answer_file(session: AsyncSession, action_id: int, member_id: int, file_id: int) -> tuple[File, bytes]:
    """One of its files with its content.

    Raises:
        NotFound: the answer has no such file.
    """
    its = _files(col(File.id)).where(col(File.id) == known_id(file_id), _of(action_id, member_id))
    if (await session.execute(its)).first() is None:
        raise NotFound
    return await file_with_content(session, file_id)


def _tell(
    session: AsyncSession,
    caller: Caller,
    action: Action,
    member: Member,
    name: str,
    now: datetime,
    names: Sequence[str],
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("action", action.id),
        name=name,
        details={"member_id": member.id, "names": list(names)},
    )

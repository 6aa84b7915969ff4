"""Files that go with what a member answers to terms, its deliberation first: added and removed by whoever answers for
it, read by the group.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.kernel.attached import FileShown, FilesOf, Room, files_by
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, Upload
from pooling.kernel.limits import BYTES, limit
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.terms.keeping import open_action
from pooling.terms.permissions import may_answer
from pooling.terms.queries import find_answer

MOST_OF_ANSWER = limit(5, "Files of a member’s answer to terms", __name__)
LARGEST_TOGETHER = limit(25 * 1024 * 1024, "Files of a member’s answer to terms together", __name__, unit=BYTES)
ROOM = Room(MOST_OF_ANSWER, "Une réponse", "fichiers", LARGEST_TOGETHER, "d’une réponse")


def files_of_answer(action_id: int, member_id: int) -> FilesOf:
    return FilesOf(AttachedFile, {"action_id": action_id, "answering_id": member_id})


async def files_of_answers(session: AsyncSession, action_id: int) -> dict[int, list[FileShown]]:
    """Those of all members, by their ids."""
    answered = col(AttachedFile.answering_id).is_not(None)
    which = and_(col(AttachedFile.action_id) == action_id, answered)
    return await files_by(session, AttachedFile.answering_id, which)


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
    files = await files_of_answer(action.id, member.id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(session, caller, action, member, "action.answer_files_added", now, [file.name for file in files])
    return [file.id for file in files]


async def detach_from_answer(
    session: AsyncSession, caller: Caller, reference: str, member: Member, file_id: int, now: datetime
) -> None:
    """Removes one of its files.

    Raises: as `attach_to_answer`; NotFound when the answer has no such file.
    """
    may_answer.require(caller, member)
    action = await open_action(session, reference)
    removed = await files_of_answer(action.id, member.id).remove(session, file_id)
    _tell(session, caller, action, member, "action.answer_file_removed", now, [removed])


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

"""What is expected of somebody, as À faire shows it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.members.asking import count_pending
from pooling.members.rights import Caller, Right
from pooling.web.typography import plural


@dataclass(frozen=True)
class Task:
    """One sentence that starts with a verb, its date, one button."""

    sentence: str
    context: str
    path: str
    """From the group's address on."""
    button: str
    due_at: datetime | None = None
    state: str = "due"
    due_on: date | None = None
    """Where a whole day is meant; `due_at` then only says where it stands among the others."""


async def requests_to_answer(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:  # noqa: ARG001 - as the others
    waiting = await count_pending(session) if caller.may(Right.MANAGE_MEMBERS) else 0
    if not waiting:
        return []
    sentence = f"Répondre à {plural(waiting, 'demande')} d’accès"
    return [Task(sentence, "Membres", "/demandes", "Voir les demandes")]

"""Mails that still wait in the outbox when what they say, or whom they tell, is no longer so."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.outbox.models import Message, MessageState
from pooling.outbox.queueing import withdraw_messages
from pooling.reminders.kinds import Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.occasions import ended_as

_WAITING = col(Message.state).in_([MessageState.QUEUED, MessageState.SENDING])


def _of_use(now: datetime) -> ColumnElement[bool]:
    """What could not leave while it was of use has failed; delivery says so."""
    return or_(col(Message.expires_at).is_(None), col(Message.expires_at) > now)


async def kinds_waiting(session: AsyncSession, now: datetime) -> set[str]:
    """The kinds of which mails wait in the outbox: seldom any, and only they need be looked at again."""
    found = await session.execute(
        select(col(Message.kind)).where(col(Message.group_id) == group_of(session), _WAITING, _of_use(now)).distinct()
    )
    return set(found.scalars())


async def withdraw_waiting(
    session: AsyncSession, kind: Kind, zone: ZoneInfo, arrays: dict[str, list[Any]], now: datetime
) -> int:
    """Takes back the mails of a kind that stopped being true while they waited; returns how many."""
    return await _withdraw(session, _waiting_in_vain(session, kind, zone, now), arrays, now)


def _waiting_in_vain(session: AsyncSession, kind: Kind, zone: ZoneInfo, now: datetime) -> Any:  # noqa: ANN401
    """Mails of an older revision, or to somebody who is no longer to be told, that have not left yet.

    Those that a delivery is settling at this moment are left to the next sweep.
    """
    audience = kind.audience(zone, now).subquery("audience")
    to_be_told = exists().where(
        *(audience.c[name] == getattr(Reminder, name) for name in ("subject_id", "revision", "person_id"))
    )
    return (
        select(col(Message.id), col(Reminder.id), ended_as())
        .join(Reminder, col(Reminder.message_id) == col(Message.id))
        .where(
            col(Message.group_id) == group_of(session),
            col(Message.kind) == kind.name,
            _WAITING,
            _of_use(now),
            col(Reminder.kind) == kind.name,
            col(Reminder.state) == ReminderState.SENT,
            ~to_be_told,
        )
        .with_for_update(of=Message, skip_locked=True)
    )


async def _withdraw(session: AsyncSession, found: Any, arrays: dict[str, list[Any]], now: datetime) -> int:  # noqa: ANN401
    """Takes these mails back and ends their reminders, as those that were not written yet."""
    rows = [tuple(row) for row in await session.execute(found, arrays)]
    if not rows:
        return 0
    messages, reminders, states = zip(*rows, strict=True)
    await withdraw_messages(session, messages)
    await session.execute(
        _END, {"group": group_of(session), "now": now, "ids": list(reminders), "states": list(states)}
    )
    return len(rows)


_END = text("""
UPDATE reminders SET state = ended.state, settled_at = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[])) AS ended(id, state)
WHERE reminders.group_id = :group AND reminders.id = ended.id
""")

"""From a due reminder to a message: taken, written and marked in one transaction, so exactly once."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import group_of
from pooling.outbox.mail import Mail
from pooling.outbox.queueing import queue_mails
from pooling.reminders.kinds import Context, DueReminder, Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.opting_out import not_opted_out

log = logging.getLogger(__name__)


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Reminder.state) == ReminderState.PLANNED,
        or_(col(Reminder.due_at) <= now, col(Reminder.hastened_at).is_not(None)),
        col(Reminder.useful_until) > now,
    )


async def kinds_due(session: AsyncSession, now: datetime) -> set[str]:
    """The kinds of which something may be to be sent: seldom any, and only of those is it asked to whom."""
    found = await session.execute(select(col(Reminder.kind)).where(*_is_due(now)).distinct())
    return set(found.scalars())


async def take_due(
    session: AsyncSession,
    kind: Kind,
    context: Context,
    *,
    after: int,
    most: int,
    which: Sequence[ColumnElement[bool]] = (),
) -> list[DueReminder]:
    """Locks the next due reminders, of `which`, by id, whose people are still to be told; skips what others hold."""
    audience = kind.audience(context.zone, context.now).subquery("audience")
    later = aliased(Reminder)
    replaced_at = (
        select(func.min(later.due_at))
        .where(
            col(later.group_id) == group_of(session),
            *(
                getattr(later, name) == getattr(Reminder, name)
                for name in ("kind", "subject_id", "person_id", "revision")
            ),
            col(later.state) == ReminderState.PLANNED,
            col(later.due_at) > col(Reminder.due_at),
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            *(getattr(Reminder, name) for name in _TAKEN),
            col(Person.email),
            col(Person.name),
            col(Person.mail_key),
            replaced_at,
        )
        .join(Person, col(Person.id) == col(Reminder.person_id))
        .join(
            audience,
            (audience.c.subject_id == col(Reminder.subject_id))
            & (audience.c.revision == col(Reminder.revision))
            & (audience.c.person_id == col(Reminder.person_id))
            & (audience.c.since < col(Reminder.due_at)),
        )
        .where(
            col(Reminder.kind) == kind.name,
            *_is_due(context.now),
            *not_opted_out(kind, col(Reminder.person_id), col(Reminder.due_at)),
            col(Reminder.id) > after,
            *which,
        )
        .order_by(col(Reminder.id))
        .limit(most)
        .with_for_update(of=Reminder, skip_locked=True)
    )
    return [DueReminder(*row) for row in rows]


_TAKEN = (
    "id", "kind", "subject_id", "revision", "offset_days", "due_at", "useful_until", "person_id",
)  # fmt: skip


async def write_messages(
    session: AsyncSession, kind: Kind, due: Sequence[DueReminder], context: Context
) -> list[DueReminder]:
    """Renders, queues and marks; returns what was. What fails to render is logged and stays planned."""
    try:
        return await _write(session, kind, due, context)
    except Exception:
        log.exception("writing %s reminders %s failed; now subject by subject", len(due), kind.name)
    written: list[DueReminder] = []
    by_subject = sorted(due, key=lambda reminder: reminder.subject_id)
    for subject_id, reminders in groupby(by_subject, key=lambda reminder: reminder.subject_id):
        try:
            written += await _write(session, kind, list(reminders), context)
        except Exception:
            log.exception("writing the reminders %s of subject %s failed", kind.name, subject_id)
    return written


async def _write(session: AsyncSession, kind: Kind, due: Sequence[DueReminder], context: Context) -> list[DueReminder]:
    async with session.begin_nested():
        mails = await kind.render(session, due, context)
        messages = await queue_mails(
            session,
            [
                _in_time(of_kind(mail, kind, reminder, context), reminder)
                for mail, reminder in zip(mails, due, strict=True)
            ],
            context.now,
        )
        await session.execute(
            _MARK,
            {
                "group_id": group_of(session),
                "now": context.now,
                "ids": [reminder.id for reminder in due],
                "messages": messages,
            },
        )
    return list(due)


_MARK = text("""
UPDATE reminders SET state = 'sent', message_id = queued.message_id, settled_at = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:messages AS bigint[])) AS queued(id, message_id)
WHERE reminders.group_id = :group_id AND reminders.id = queued.id
""")


def of_kind(mail: Mail, kind: Kind, reminder: DueReminder, context: Context) -> Mail:
    """What every mail of the kind says, whatever the feature wrote."""
    url = context.refusal_url(kind.name, reminder.mail_key) if kind.comfort else None
    return replace(mail, wording=kind.wording, unsubscribe_url=url)


def _in_time(mail: Mail, reminder: DueReminder) -> Mail:
    """A mail that could not leave is of no use after its moment, or once the next one says it better."""
    limits = (mail.expires_at, reminder.useful_until, reminder.replaced_at)
    return replace(mail, expires_at=min(limit for limit in limits if limit is not None))

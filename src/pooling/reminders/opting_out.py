"""Doing without mails that are a comfort: asked by one click from the mail itself (RFC 8058), or on a page."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.outbox.queueing import withdraw_messages
from pooling.reminders.kinds import CopiedMail, Kind
from pooling.reminders.models import ReminderOptOut


def not_opted_out(
    kind: Kind, person_id: SQLColumnExpression[Any], due_at: SQLColumnExpression[Any]
) -> tuple[ColumnElement[bool], ...]:
    """That this person did not ask to do without what is due then; nothing for kinds that all must receive."""
    if not kind.comfort:
        return ()
    opted_out = exists().where(
        col(ReminderOptOut.kind) == kind.name,
        col(ReminderOptOut.person_id) == person_id,
        or_(col(ReminderOptOut.ended_at).is_(None), col(ReminderOptOut.ended_at) >= due_at),
    )
    return (~opted_out,)


async def opt_out(session: AsyncSession, person_id: int, kind: Kind | CopiedMail, now: datetime) -> None:
    """From now on this person is told nothing of this kind in the group, not even what waits in the outbox.

    Asking twice is asking once.
    """
    assert kind.comfort, "the others are owed to whoever receives them"
    opt_out = insert(ReminderOptOut).values(
        group_id=group_of(session), person_id=person_id, kind=kind.name, at=now, ended_at=None
    )
    await session.execute(
        opt_out.on_conflict_do_update(
            index_elements=["group_id", "person_id", "kind"],
            set_={"at": opt_out.excluded.at, "ended_at": None},
            where=col(ReminderOptOut.ended_at).is_not(None),
        )
    )
    waiting = await session.execute(
        text("""
            SELECT id FROM messages WHERE group_id = :group AND person_id = :person AND kind = :kind
            AND state IN ('queued', 'sending') AND unsubscribe_url IS NOT NULL"""),
        {"group": group_of(session), "person": person_id, "kind": kind.name},
    )
    await withdraw_messages(session, list(waiting.scalars()))


async def opt_in(session: AsyncSession, person_id: int, kind: Kind | CopiedMail, now: datetime) -> None:
    """This person wants them again: from now on, not what was due meanwhile."""
    await session.execute(
        update(ReminderOptOut)
        .where(
            col(ReminderOptOut.person_id) == person_id,
            col(ReminderOptOut.kind) == kind.name,
            col(ReminderOptOut.ended_at).is_(None),
        )
        .values(ended_at=now)
    )


async def opted_out_kinds(session: AsyncSession, person_id: int) -> set[str]:
    """The kinds that this person does without in the group."""
    found = await session.execute(
        select(col(ReminderOptOut.kind)).where(
            col(ReminderOptOut.person_id) == person_id, col(ReminderOptOut.ended_at).is_(None)
        )
    )
    return set(found.scalars())

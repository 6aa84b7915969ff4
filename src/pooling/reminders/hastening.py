"""Sending before the time: what is planned for one occasion leaves at once, by the same way as what is due."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.reminders.kinds import Context, DueReminder, Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.planning import lock_planning
from pooling.reminders.sending import take_due, write_messages
from pooling.reminders.settings import kinds_of_group

AT_ONCE = 100
"""Mails written by the request itself; more would keep the other requests of its process waiting."""


async def send_now(
    session: AsyncSession, kind: Kind, which: Sequence[ColumnElement[bool]], context: Context
) -> tuple[int, list[DueReminder]]:
    """Marks the planned reminders among these so that they leave at once, and writes the mails of the first ones.

    The next sweep writes those of the others, however many, as it writes what is due. Returns how many were marked,
    and those that were written. Each leaves once, whatever sweeps run and however often it is asked: rows that
    somebody else holds at this moment are being sent, or ended, and are left alone.
    """
    await lock_planning(session)  # a sweep that plans holds rows and changes them: it goes first
    wanted: list[Any] = [col(Reminder.kind) == kind.name, col(Reminder.state) == ReminderState.PLANNED, *which]
    taken = (
        select(col(Reminder.id)).where(*wanted).order_by(col(Reminder.id)).with_for_update(skip_locked=True).subquery()
    )
    marked = await session.execute(
        update(Reminder).where(col(Reminder.id) == taken.c.id).values(hastened_at=context.now),
        execution_options={"synchronize_session": False},
    )
    count: int = marked.rowcount  # type: ignore[attr-defined]
    (as_wanted,) = await kinds_of_group(session, [kind])
    due = await take_due(session, as_wanted, context, after=0, most=AT_ONCE, which=wanted)
    return count, await write_messages(session, as_wanted, due, context) if due else []

"""What mails leave to do: a facilitator hears that they do not go out."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.members.rights import Caller, Right
from pooling.members.task import Task
from pooling.outbox.models import IS_WAITING, Message
from pooling.web.typography import plural

LONG = timedelta(hours=1)
"""A mail that waits so long finds no server, or one that refuses."""


async def count_waiting(session: AsyncSession, now: datetime) -> int:
    """The group's mails that should have left long ago."""
    waiting = await session.scalar(
        select(func.count()).where(
            col(Message.group_id) == group_of(session),
            text(IS_WAITING),
            col(Message.created_at) < now - LONG,
        )
    )
    return waiting or 0


async def mails_that_wait(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    waiting = await count_waiting(session, now) if caller.may(Right.MANAGE_REMINDERS) else 0
    if not waiting:
        return []
    sentence = (
        f"Faire rétablir l’envoi : {plural(waiting, 'courriel attend', 'courriels attendent')} depuis plus d’une heure"
    )
    return [Task(sentence, "Relances", "/relances/echecs", "Voir pourquoi", state="overdue")]

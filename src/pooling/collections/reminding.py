"""« Relancer » : the next planned reminder of an open collection leaves now, by the same way as at its date."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.throttle import Allowance, TooMany
from pooling.collections.models import Collection
from pooling.kernel.errors import Conflict
from pooling.kernel.tables import any_of
from pooling.mailroom.sending_now import kind_named
from pooling.reminders.hastening import send_now
from pooling.reminders.kinds import Context, Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.planning import catch_up


class AlreadyReminded(Conflict):
    code = "already_reminded"

    def __init__(self) -> None:
        super().__init__("Une relance est déjà partie depuis moins d’un jour : recommencez demain.")


async def allow_reminding(allowance: Allowance, session: AsyncSession, whose: object, now: datetime) -> None:
    """Raises:
    AlreadyReminded: as often as is allowed.
    """
    try:
        await allowance.count_here(session, whose, at=now)
    except TooMany as refused:
        raise AlreadyReminded from refused


def reminders_of(
    collection: Collection, kind: str, people: Sequence[int] | None = None
) -> tuple[ColumnElement[bool], ...]:
    """The reminders of this kind and of this revision of a collection, of these people or of everybody."""
    whose = () if people is None else (any_of(col(Reminder.person_id), people),)
    return (
        col(Reminder.kind) == kind,
        col(Reminder.subject_id) == collection.subject_id,
        col(Reminder.revision) == collection.revision,
        *whose,
    )


async def send_next(
    session: AsyncSession,
    collection: Collection,
    kinds: Sequence[Kind],
    name: str,
    context: Context,
    people: Sequence[int] | None = None,
) -> tuple[int, int]:
    """The next planned reminder of the kind of this name leaves, to these people or to everybody it is for. Returns how
    many leave, and how many mails of them are written already (the next sweep writes the others).
    """
    kind = kind_named(kinds, name)
    assert kind is not None, "the collection's feature brings it"
    await catch_up(session, [kind], context.now)  # who answered since the last sweep is not counted
    which = reminders_of(collection, name, people)
    offset = await session.scalar(
        select(col(Reminder.offset_days))
        .where(*which, col(Reminder.state) == ReminderState.PLANNED)
        .order_by(col(Reminder.due_at))
        .limit(1)
    )
    if offset is None:
        return 0, 0
    count, due = await send_now(session, kind, (*which, col(Reminder.offset_days) == offset), context)
    return count, len(due)

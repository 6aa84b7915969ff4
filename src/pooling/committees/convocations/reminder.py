"""The convocation as a kind of reminder: its date is the law's, nobody does without it, each gets it once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, exists, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.convening_notice import schedule_of
from pooling.committees.convening_rules import convocation_due
from pooling.committees.models import Committee, CommitteeKind, CommitteeState, Invitation
from pooling.committees.notices.writer import Recipient, Writer, write_mails
from pooling.committees.queries import invited_people
from pooling.committees.rules import CONVOCATION, TO_COME
from pooling.outbox.mail import Mail
from pooling.outbox.models import Message, MessageState
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Name, Occasion
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.rules import clear_days_offset


def kind(configuration: ReminderConfiguration, name_committees: Name) -> Kind:
    return Kind(
        CONVOCATION,
        "Convocation",
        schedule_of(configuration),
        _plan,
        _audience,
        _render,
        name_committees,
        comfort=False,
        lawful=True,
        date="le délai de convocation de chaque comité",
    )


class NotConvenedError(Exception):
    """The committee is to be convened first, which keeps the document: the next sweep does both."""


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(select(Committee).where(*_to_be_convened(now)))
    dated = [(committee, convocation_due(committee, schedule.hour, zone)) for committee in rows.scalars()]
    return [
        Occasion(
            committee.id,
            committee.revision,
            clear_days_offset(committee.clear_days),
            due,
            useful_until=committee.starts_at,
        )
        for committee, due in dated
        if due is not None and due < committee.starts_at
    ]


def _audience(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    """Everybody invited. Once people are convened, also who is invited later: nobody sits there without having been
    convened.
    """
    since = case(
        (col(Committee.convened_at).is_not(None), literal_column("'-infinity'::timestamptz")),
        else_=func.greatest(col(Invitation.invited_at), col(Committee.scheduled_at)),
    )
    return invited_people(since, *_to_be_convened(now), ~_convened_before())


def _convened_before() -> ColumnElement[bool]:
    """Whether the person was convened for the date that stands, before the room or the length changed: the notice of
    that change was enough. A convocation that the change took back, or that never arrived, is none.
    """
    failed = exists().where(col(Message.id) == col(Reminder.message_id), col(Message.state) == MessageState.FAILED)
    return exists().where(
        col(Reminder.kind) == CONVOCATION,
        col(Reminder.subject_id) == col(Committee.id),
        col(Reminder.revision) < col(Committee.revision),
        col(Reminder.person_id) == col(Invitation.person_id),
        col(Reminder.state) == ReminderState.SENT,
        col(Reminder.settled_at) >= col(Committee.convened_at),
        ~failed,
    )


def _to_be_convened(now: datetime) -> tuple[Any, ...]:
    return (
        col(Committee.state).in_([str(state) for state in TO_COME]),
        col(Committee.starts_at) > now,
        or_(col(Committee.kind) == CommitteeKind.FORMAL, col(Committee.convened_at).is_not(None)),
    )


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    return await write_mails(session, reminders, context, _write)


def _write(writer: Writer, kind: str, recipient: Recipient) -> Mail:
    if writer.committee.state != CommitteeState.CONVENED:
        raise NotConvenedError(writer.committee.id)
    return writer.convocation(kind, recipient)

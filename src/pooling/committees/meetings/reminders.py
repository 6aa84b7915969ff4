"""The reminders of committees: to every invited person, with the agenda and an .ics."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.convocations import reminder as convocation_reminder
from pooling.committees.models import Committee, Invitation
from pooling.committees.notices.writer import Writer, write_mails
from pooling.committees.queries import invited_people, name_committees, occasions_before
from pooling.committees.rules import REMINDER, TO_COME
from pooling.outbox.mail import Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion
from pooling.reminders.rules import still_due
from pooling.reminders.settings import kinds_of_group

DEFAULT = Schedule(offsets=(-15, -7, -1))


def kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedule that the territory set."""
    schedule = configuration.schedule(REMINDER, DEFAULT)
    return [
        Kind(
            REMINDER,
            "Rappel de comité",
            schedule,
            _plan,
            _audience,
            _render,
            name_committees,
            date="la réunion",
            receivers="Les personnes invitées au comité.",
        ),
        convocation_reminder.kind(configuration, name_committees),
    ]


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    return await occasions_before(session, schedule, zone, *_to_come(now))


async def is_reminded(
    session: AsyncSession, every: Sequence[Kind], committee: Committee, zone: ZoneInfo, now: datetime
) -> bool:
    """Whether people will be reminded, by the rule itself: rows are planned only at the next sweep."""
    day, until = committee.local_start.date(), committee.starts_at
    return any(
        at > now
        for kind in await kinds_of_group(session, [kind for kind in every if kind.name == REMINDER])
        for _, at in still_due(day, kind.schedule.offsets, kind.schedule.hour, zone, useful_until=until)
    )


def _audience(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    since = func.greatest(col(Invitation.invited_at), col(Committee.scheduled_at))
    return invited_people(since, *_to_come(now))


def _to_come(now: datetime) -> tuple[Any, ...]:
    return col(Committee.state).in_([str(state) for state in TO_COME]), col(Committee.starts_at) > now


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    return await write_mails(session, reminders, context, Writer.reminder)

"""The reminder to plan a committee: to the facilitators, in a quarter that has none.

Its subject is the quarter itself, which no row stands for: its id is year × 10 + quarter (20272), its revision 1.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.calendars.cadence import Period, days_for, period_of
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.tables import same_group
from pooling.members.models import Group, Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import quarter_day, still_due
from pooling.web.typography import date_long

NAME = "quarter"
DEFAULT = Schedule(offsets=(0,))
QUARTER = 3
DATE = "le 1er jour ouvré du deuxième mois du trimestre"
_REVISION = 1


def calendar_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    schedule = configuration.schedule(NAME, DEFAULT)
    return [
        Kind(
            NAME,
            "Trimestre sans comité",
            schedule,
            _plan,
            _audience,
            _render,
            name_quarters,
            date=DATE,
            receivers="L’animation du groupe.",
        )
    ]


def quarter_id(period: Period) -> int:
    return period.first.year * 10 + (period.first.month - 1) // QUARTER + 1


def quarter_of(subject_id: int) -> Period:
    year, quarter = divmod(subject_id, 10)
    return Period(date(year, QUARTER * (quarter - 1) + 1, 1), QUARTER)


def _present(zone: ZoneInfo, now: datetime) -> Period:
    return period_of(now.astimezone(zone).date(), QUARTER)


async def name_quarters(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:  # noqa: ARG001 - as others
    return {key: Subject(quarter_of(key).label, "comites") for key in ids}


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:  # noqa: ARG001
    period = _present(zone, now)
    ends = datetime.combine(period.following.first, time(), zone).astimezone(UTC)
    day = quarter_day(period.first.year, quarter_id(period) % 10, zone)
    return [
        Occasion(quarter_id(period), _REVISION, offset, due_at, useful_until=ends)
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=ends)
    ]


def _audience(zone: ZoneInfo, now: datetime) -> Select[Any]:
    """The facilitators, while the present quarter has no committee, whatever the group's own cadence is: one that meets
    less often on purpose switches this kind off.
    """
    period = _present(zone, now)
    day = func.date(col(Committee.local_start))
    committee = exists().where(
        same_group(Committee, Membership),
        col(Committee.state) != CommitteeState.CANCELLED,
        day.between(period.first, period.last),
    )
    told: Any = (
        select(
            literal(quarter_id(period)).label("subject_id"),
            literal(_REVISION).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.min(func.greatest(col(Membership.started_at), col(Group.created_at))).label("since"),
        )
        .join(Group, col(Group.id) == col(Membership.group_id))
        .where(
            col(Membership.role) == Role.FACILITATOR,
            col(Membership.ended_at).is_(None),
            ~committee,
        )
        .group_by(col(Membership.person_id))
    )
    statement: Select[Any] = told
    return statement


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    school_zone = (await session.execute(select(col(Group.school_zone)))).scalar_one()
    today = context.now.astimezone(context.zone).date()
    return [_mail(reminder, context, today, school_zone) for reminder in reminders]


def _mail(reminder: DueReminder, context: Context, today: date, school_zone: str) -> Mail:
    period = quarter_of(reminder.subject_id)
    days = days_for(period, today, context.zone, school_zone)
    first = f"?jour={days[0].isoformat()}" if days else ""
    proposed = "\n".join(date_long(day) for day in days)
    return Mail(
        kind=reminder.kind,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Aucun comité au {period.label} : choisissez une date",
        why=f"Vous animez « {context.group_name} », et aucun comité n’est prévu au {period.label} : choisissez une "
        f"date avant le {date_long(period.last)}.",
        button=Button("Prévoir un comité", context.url(f"comites/nouveau{first}")),
        facts=(Fact("Dates possibles", proposed),) if proposed else (),
        notice=context.notice,
        thread=f"quarter-{reminder.subject_id}",
    )

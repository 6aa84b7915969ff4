"""The reminders of deadlines of subsidies: to finance officers of the member that asks, or to the facilitator."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.grants.models import Grant
from pooling.grants.rules import DEADLINES, Deadline
from pooling.kernel.tables import any_of
from pooling.members.models import Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long, euros

GRANT = "grant_deadline"
DEFAULT = Schedule(offsets=(-15, -2))
_EPOCH = date(1970, 1, 1)
Days = TypeVar("Days", int, ColumnElement[int])
_KINDS = list(Deadline)
_OPEN: Mapping[Deadline, tuple[Any, Any]] = {
    Deadline.ANSWER: (
        col(Grant.answer_by),
        and_(col(Grant.granted_on).is_(None), col(Grant.refused_on).is_(None)),
    ),
    Deadline.JUSTIFY: (
        col(Grant.justify_by),
        and_(col(Grant.granted_on).is_not(None), col(Grant.justified_on).is_(None)),
    ),
    Deadline.PAY: (col(Grant.pay_by), col(Grant.granted_on).is_not(None)),
}
"""The day of each, and while it is awaited."""


def grant_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedule that the territory set."""
    return [
        Kind(
            GRANT,
            "Échéance d’un dossier de subvention",
            configuration.schedule(GRANT, DEFAULT),
            _plan,
            _keepers,
            _render,
            _name_grants,
            date="l’échéance",
            receivers="Les services des finances du membre qui demande, ou l’animateur.",
        )
    ]


def revision_of(days: Days, which: int) -> Days:
    """Stands for a deadline, by its place, and its day, by those since the epoch: another day is another occasion."""
    return days * len(_KINDS) + which


def deadline_of(revision: int) -> tuple[date, Deadline]:
    days, which = divmod(revision, len(_KINDS))
    return _EPOCH + timedelta(days=days), _KINDS[which]


def _awaited(today: date) -> Any:  # noqa: ANN401 - a subquery
    return union_all(
        *(
            select(
                *(col(Grant.group_id), col(Grant.id), col(Grant.member_id), col(Grant.changed_at)),
                revision_of(day - literal(_EPOCH), place).label("revision"),
                day.label("day"),
            ).where(awaited, day >= today)
            for place, (day, awaited) in enumerate(_OPEN.values())
        )
    ).subquery()


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    awaited = _awaited(now.astimezone(zone).date())
    rows = await session.execute(select(awaited.c.id, awaited.c.revision, awaited.c.day))
    return [
        Occasion(grant_id, revision, offset, due_at, useful_until=useful_until)
        for grant_id, revision, day in rows
        for useful_until in [datetime.combine(day, time(), tzinfo=zone) + timedelta(days=1)]
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _keepers(zone: ZoneInfo, now: datetime) -> Select[Any]:
    awaited = _awaited(now.astimezone(zone).date())
    own = and_(col(Membership.role) == Role.FINANCE, col(Membership.member_id) == awaited.c.member_id)
    common = and_(col(Membership.role) == Role.FACILITATOR, awaited.c.member_id.is_(None))
    statement: Select[Any] = (
        select(
            awaited.c.id.label("subject_id"),
            awaited.c.revision,
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), awaited.c.changed_at).label("since"),
        )
        .join_from(awaited, Membership, and_(col(Membership.group_id) == awaited.c.group_id, own | common))
        .where(col(Membership.ended_at).is_(None))
        .group_by(awaited.c.id, awaited.c.revision, awaited.c.changed_at, col(Membership.person_id))
    )
    return statement


async def _name_grants(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Grant.id), col(Grant.title), col(Grant.funder)).where(any_of(col(Grant.id), ids))
    )
    return {key: Subject(f"{title}, {funder}", f"finances/subventions/{key}") for key, title, funder in rows}


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    rows = await session.execute(select(Grant).where(any_of(col(Grant.id), [one.subject_id for one in reminders])))
    known = {grant.id: grant for grant in rows.scalars()}
    return [_mail(one, known[one.subject_id], context) for one in reminders]


def _mail(reminder: DueReminder, grant: Grant, context: Context) -> Mail:
    day, which = deadline_of(reminder.revision)
    said = f"{DEADLINES[which]} avant le {date_long(day)}"
    amount = grant.granted_cents or grant.asked_cents
    return Mail(
        kind=GRANT,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Subvention « {grant.title} » : {said}",
        why=f"Vous suivez ce dossier de subvention de {grant.funder} : {said}.",
        button=Button("Voir le dossier", context.url(f"finances/subventions/{grant.id}")),
        facts=(
            Fact("Subvention", grant.title),
            Fact("Financeur", grant.funder),
            Fact("Montant", euros(amount)),
        ),
        notice=context.notice,
        thread=f"grant-{grant.id}",
    )

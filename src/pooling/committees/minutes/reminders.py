"""Reminds whoever writes the minutes that they are not published yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.committees.decisions.reminders import USEFUL, but
from pooling.committees.models import Committee, CommitteeState
from pooling.committees.queries import facilitators_addresses, name_committees
from pooling.committees.words import thread_of
from pooling.kernel.tables import any_of, linked, same_group
from pooling.members.models import Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long, date_time_long, relative_day

MINUTES = "minutes"
MINUTES_DEFAULT = Schedule(offsets=(3, 7))
_TO_WRITE = (CommitteeState.PLANNED, CommitteeState.CONVENED, CommitteeState.HELD)


def kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """On the schedule that the territory set."""
    return [
        Kind(
            MINUTES,
            "Compte-rendu à écrire",
            configuration.schedule(MINUTES, MINUTES_DEFAULT),
            _plan_minutes,
            _writers,
            _render_minutes,
            name_committees,
            date="la réunion",
            receivers="Qui tient le secrétariat du comité ; à défaut, l’animation du groupe.",
        ),
    ]


def minutes_unwritten(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Committees that have begun and whose minutes nobody has published."""
    return (
        col(Committee.state).in_(_TO_WRITE),
        col(Committee.starts_at) <= now,
        col(Committee.starts_at) > now - USEFUL,
    )


def writes_minutes() -> ColumnElement[bool]:
    """Whether a membership (joined with a committee) is of somebody who writes its minutes: its secretary or, if it has
    none who still is in the group, the facilitators.
    """
    still = aliased(Membership)
    has_secretary = exists().where(
        linked(still.person_id, Committee.secretary_id),
        col(still.ended_at).is_(None),
    )
    return and_(
        same_group(Membership, Committee),
        col(Membership.ended_at).is_(None),
        or_(
            col(Membership.person_id) == col(Committee.secretary_id),
            and_(~has_secretary, col(Membership.role) == Role.FACILITATOR),
        ),
    )


async def _plan_minutes(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(Committee.id), col(Committee.revision), col(Committee.local_start), col(Committee.starts_at)).where(
            *minutes_unwritten(now)
        )
    )
    return [
        Occasion(committee_id, revision, offset, due_at, useful_until=starts_at + USEFUL)
        for committee_id, revision, local_start, starts_at in rows
        for offset, due_at in still_due(
            local_start.date(), schedule.offsets, schedule.hour, zone, useful_until=starts_at + USEFUL
        )
    ]


def _writers(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    since = func.greatest(func.min(col(Membership.started_at)), col(Committee.starts_at))
    return (
        select(
            col(Committee.id).label("subject_id"),
            col(Committee.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            since.label("since"),
        )
        .select_from(Committee)
        .join(Membership, writes_minutes())
        .where(*minutes_unwritten(now))
        .group_by(
            col(Committee.group_id),
            col(Committee.id),
            col(Committee.revision),
            col(Committee.starts_at),
            col(Membership.person_id),
        )
    )


async def _render_minutes(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    subjects = {reminder.subject_id for reminder in reminders}
    found = await session.execute(select(Committee).where(any_of(col(Committee.id), subjects)))
    committees = {committee.id: committee for committee in found.scalars()}
    contacts = await facilitators_addresses(session)
    return [_minutes_mail(reminder, committees[reminder.subject_id], context, contacts) for reminder in reminders]


def _minutes_mail(reminder: DueReminder, committee: Committee, context: Context, contacts: tuple[str, ...]) -> Mail:
    held = relative_day(committee.local_start.date(), context.now.astimezone(context.zone).date())
    when = date_time_long(committee.starts_at, context.zone, with_year=True)
    begun = "Un brouillon est enregistré." if committee.minutes else "Rien n’est encore écrit."
    return Mail(
        kind=MINUTES,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Compte-rendu à publier : {committee.title} du {date_long(committee.local_start.date())}",
        why=f"Vous tenez le secrétariat de « {committee.title} » et son compte-rendu n’est pas publié : "
        f"terminez-le, la réunion a eu lieu {held}.",
        paragraphs=(begun,),
        button=Button("Écrire le compte-rendu", context.url(f"comites/{committee.id}/compte-rendu")),
        facts=(Fact("Réunion", when),),
        reply_to=but(reminder.email, contacts),
        notice=context.notice,
        thread=thread_of(committee.id),
    )

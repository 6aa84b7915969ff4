"""What the group learnt since its last committee, mailed before the next one to those who are invited; nothing, where
nothing is new.
"""

from collections.abc import Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.committees.models import Committee, CommitteeState, Invitation
from pooling.committees.queries import invited_people, name_committees, occasions_before
from pooling.committees.rules import TO_COME
from pooling.committees.words import thread_of
from pooling.experiences.models import Experience
from pooling.experiences.page import EXPERIENCES
from pooling.experiences.queries import ExperienceShown, told_since
from pooling.kernel.tables import any_of, same_group
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion
from pooling.reminders.models import Reminder, ReminderState
from pooling.web.typography import date_long, date_short, plural

DIGEST = "experience_digest"
RESULT_AT_MOST = 200
"""Characters of what came of it: the sheet has the rest."""
DEFAULT = Schedule(offsets=(-2,))
LONG_AGO = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
"""Before a group's first committee, all that it learnt is new."""


def kind(configuration: ReminderConfiguration) -> Kind:
    return Kind(
        DIGEST,
        "Nouveaux retours d’expérience",
        configuration.schedule(DIGEST, DEFAULT),
        _plan,
        _audience,
        _render,
        name_committees,
        date="la réunion",
        receivers="Les personnes invitées au comité, s’il y a du nouveau depuis le précédent.",
    )


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    return await occasions_before(session, schedule, zone, *_with_news(now))


def _audience(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    since = func.greatest(col(Invitation.invited_at), col(Committee.scheduled_at))
    return invited_people(since, *_with_news(now))


def _with_news(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Committees to come before which something is new."""
    new = select(col(Experience.id)).where(same_group(Experience, Committee), col(Experience.told_at) > _last())
    return (
        col(Committee.state).in_([str(state) for state in TO_COME]),
        col(Committee.starts_at) > now,
        new.exists(),
    )


def _last() -> ColumnElement[datetime]:
    """Since when something is new: what the committee before this one was told of is not, so that nothing which is told
    between its digest and the day itself is passed over.
    """
    earlier = aliased(Committee, name="earlier")
    digest = (
        select(func.min(col(Reminder.settled_at)))
        .where(
            same_group(Reminder, earlier),
            col(Reminder.kind) == DIGEST,
            col(Reminder.subject_id) == earlier.id,
            col(Reminder.revision) == earlier.revision,
            col(Reminder.state) == ReminderState.SENT,
        )
        .correlate(earlier)
        .scalar_subquery()
    )
    last = (
        select(func.coalesce(digest, earlier.starts_at))
        .where(
            col(earlier.group_id) == col(Committee.group_id),
            col(earlier.starts_at) < col(Committee.starts_at),
            col(earlier.state) != CommitteeState.CANCELLED,
        )
        .order_by(col(earlier.starts_at).desc())
        .limit(1)
        .correlate(Committee)
        .scalar_subquery()
    )
    found: ColumnElement[datetime] = func.coalesce(last, LONG_AGO)
    return found


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    rows = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.local_start), _last()).where(
            any_of(col(Committee.id), {reminder.subject_id for reminder in reminders})
        )
    )
    committees = {key: (title, local_start, last) for key, title, local_start, last in rows}
    news = {last: await told_since(session, last, context.now) for last in {row[2] for row in committees.values()}}
    return [_mail(reminder, *committees[reminder.subject_id], news, context) for reminder in reminders]


def _mail(
    reminder: DueReminder,
    title: str,
    local_start: datetime,
    last: datetime,
    news: dict[datetime, list[ExperienceShown]],
    context: Context,
) -> Mail:
    told = news[last]
    counted = plural(len(told), "nouveau retour d’expérience", "nouveaux retours d’expérience")
    day = date_long(local_start.date())
    return Mail(
        kind=DIGEST,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"{counted} avant {title}, {day}",
        why=f"Vous faites partie des personnes invitées à « {title} », {day} : voici ce que le groupe a appris depuis "
        "le comité précédent.",
        facts=tuple(_told(one, context) for one in told),
        button=Button("Lire les retours d’expérience", context.url(EXPERIENCES.lstrip("/"))),
        notice=context.notice,
        unsubscribe_url=context.refusal_url(DIGEST, reminder.mail_key),
        thread=thread_of(reminder.subject_id),
        expires_at=reminder.useful_until,
    )


def _told(one: ExperienceShown, context: Context) -> Fact:
    day = f"Le {date_short(one.told_at.astimezone(context.zone).date())}"
    result = shorten(one.result, RESULT_AT_MOST, placeholder=" …")
    where = context.url(f"{EXPERIENCES.lstrip('/')}/{one.id}")
    return Fact(one.title, f"{f'{day} : {result}' if result else day}\n{where}")

"""The reminder of terms: to référents of members that have not answered, before the day that was set. Where none was
set, nobody is reminded.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.terms.keeping import OPEN
from pooling.terms.models import Terms, TermsAnswer
from pooling.terms.queries import has_units, has_whole
from pooling.web.typography import date_long

ANSWER = "terms_answer"
ANSWER_DEFAULT = Schedule(offsets=(-14, -3))


def terms_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedules that the territory set."""
    return [
        Kind(
            ANSWER,
            "Modalités : réponse attendue",
            configuration.schedule(ANSWER, ANSWER_DEFAULT),
            _plan,
            _silent,
            _render,
            _name,
            date="le dernier jour pour répondre",
            receivers="Les référents des membres qui n’ont pas répondu aux modalités d’une action.",
        )
    ]


def _asked() -> tuple[ColumnElement[bool], ...]:
    return (
        linked(Action.id, Terms.action_id),
        col(Action.state).in_([str(state) for state in OPEN]),
        col(Terms.answer_by).is_not(None),
    )


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(Terms.action_id), col(Terms.revision), col(Terms.answer_by)).where(
            *_asked(), col(Terms.answer_by) >= now.astimezone(zone).date()
        )
    )
    return [
        Occasion(action_id, revision, offset, due_at, useful_until=useful_until)
        for action_id, revision, day in rows
        if day is not None
        for useful_until in [datetime.combine(day, time(), tzinfo=zone) + timedelta(days=1)]
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _silent(zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Once each, whatever the number of their members."""
    answered = exists().where(
        linked(TermsAnswer.action_id, Terms.action_id), col(TermsAnswer.member_id) == col(Membership.member_id)
    )
    still_there = and_(linked(Member.id, Membership.member_id), col(Member.retired_on).is_(None))
    statement: Select[Any] = (
        select(
            col(Terms.action_id).label("subject_id"),
            col(Terms.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(Terms.asked_at)).label("since"),
        )
        .select_from(Terms)
        .join(Action, linked(Action.id, Terms.action_id))
        .join(Membership, col(Membership.group_id) == col(Terms.group_id))
        .join(Member, still_there)
        .where(
            *_asked(),
            col(Terms.answer_by) >= now.astimezone(zone).date(),
            col(Membership.role) == Role.REFERENT,
            col(Membership.ended_at).is_(None),
            not_(answered),
            not_(has_units()),
            not_(has_whole(col(Terms.action_id))),
        )
        .group_by(col(Terms.action_id), col(Terms.revision), col(Terms.asked_at), col(Membership.person_id))
    )
    return statement


async def _name(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Action.id), col(Action.reference), col(Action.title)).where(any_of(col(Action.id), ids))
    )
    return {key: Subject(f"{reference} · {title}", f"actions/{reference}/modalites") for key, reference, title in rows}


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    ids = {reminder.subject_id for reminder in reminders}
    rows = await session.execute(
        select(Action, Terms).join(Terms, linked(Terms.action_id, Action.id)).where(any_of(col(Action.id), ids))
    )
    found = {action.id: (action, terms) for action, terms in rows}
    return [_mail(reminder, *found[reminder.subject_id], context) for reminder in reminders]


def _mail(reminder: DueReminder, action: Action, terms: Terms, context: Context) -> Mail:
    until = date_long(terms.answer_by) if terms.answer_by else ""
    return Mail(
        kind=ANSWER,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Répondez d’ici au {until} : {action.title}",
        why="Votre collectivité n’a pas encore dit si elle participe à cette action. "
        "Vous verrez ce qu’elle lui coûterait, et pouvez répondre oui, oui sous condition, ou non.",
        button=Button("Voir et répondre", context.url(f"actions/{action.reference}/modalites")),
        facts=(Fact("Action", f"{action.title} ({action.reference})"), Fact("Réponse attendue le", until)),
        notice=context.notice,
        thread=f"terms-{action.id}",
    )

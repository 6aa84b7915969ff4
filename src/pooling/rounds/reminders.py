"""The reminder of rounds: to référents, before it closes. To those who are silent, where it may be known who is; in a
round that shows nothing, to all of them, since a list of those who are reminded would tell who has voted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.collections.queries import under_way
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.rounds.models import Round, RoundVoter
from pooling.rounds.queries import has_voted, turnout_known
from pooling.rounds.rules import shows_turnout
from pooling.rounds.words import asks, discretion
from pooling.web.typography import deadline_words

DEADLINE = "round_deadline"
DEADLINE_DEFAULT = Schedule(offsets=(-7, -2))


def round_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedules that the territory set."""
    return [
        Kind(
            DEADLINE,
            "Vote à terminer",
            configuration.schedule(DEADLINE, DEADLINE_DEFAULT),
            _plan,
            _to_remind,
            _render,
            _name_rounds,
            date="la clôture du vote",
            receivers="Les référents qui n’ont pas encore voté ; tous, quand le tour ne montre pas qui a voté.",
        )
    ]


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(Collection.round_id), col(Collection.revision), col(Collection.closes_at)).where(
            col(Collection.round_id).is_not(None), *under_way(now)
        )
    )
    return [
        Occasion(round_id, revision, offset, due_at, useful_until=closes_at)
        for round_id, revision, closes_at in rows
        if round_id is not None
        for offset, due_at in still_due(
            closes_at.astimezone(zone).date(), schedule.offsets, schedule.hour, zone, useful_until=closes_at
        )
    ]


def _referent_of_voter() -> ColumnElement[bool]:
    return and_(
        linked(Membership.member_id, RoundVoter.member_id),
        col(Membership.role) == Role.REFERENT,
        col(Membership.ended_at).is_(None),
    )


def _to_remind(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    """Once each, whatever the number of their members."""
    statement: Select[Any] = (
        select(
            col(RoundVoter.round_id).label("subject_id"),
            col(Collection.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(Collection.scheduled_at)).label("since"),
        )
        .select_from(RoundVoter)
        .join(Round, linked(Round.id, RoundVoter.round_id))
        .join(Collection, linked(Collection.round_id, RoundVoter.round_id))
        .join(Membership, _referent_of_voter())
        .where(*under_way(now), or_(not_(turnout_known()), not_(has_voted())))
        .group_by(
            col(RoundVoter.round_id),
            col(Collection.revision),
            col(Collection.scheduled_at),
            col(Membership.person_id),
        )
    )
    return statement


async def _name_rounds(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Round.id), col(Round.reference), col(Round.title)).where(any_of(col(Round.id), ids))
    )
    return {key: Subject(f"{reference} · {title}", f"actions/tours/{reference}") for key, reference, title in rows}


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    ids = {reminder.subject_id for reminder in reminders}
    rows = await session.execute(select(Round).where(any_of(col(Round.id), ids)))
    rounds = {found.id: found for found in rows.scalars()}
    return [_mail(reminder, rounds[reminder.subject_id], context) for reminder in reminders]


def _mail(reminder: DueReminder, found: Round, context: Context) -> Mail:
    until = deadline_words(reminder.useful_until, context.now, context.zone)
    if shows_turnout(found):
        why = f"Vous n’avez pas encore voté pour chacun de vos membres : vous pouvez le faire {until}."
    else:
        why = f"Vous pouvez voter, ou corriger votre bulletin, {until} ; si c’est fait, vous n’avez rien à faire."
    return Mail(
        kind=DEADLINE,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Votez {until} : {found.title}",
        why=why,
        button=Button("Voter", context.url(f"actions/tours/{found.reference}")),
        facts=(
            Fact("Tour", f"{found.title} ({found.reference})"),
            Fact("Comment", asks(found)),
            Fact("Discrétion", discretion(found)),
        ),
        notice=context.notice,
        thread=f"round-{found.id}",
    )

"""Reminds whoever owns a decision that is still to be carried out."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.queries import DecisionShown, has_owner, shown_decisions
from pooling.committees.decisions.words import decision_excerpt, due_words
from pooling.committees.queries import facilitators_addresses
from pooling.kernel.tables import any_of, same_group
from pooling.members.models import Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long

FOLLOW_UP = "follow_up"
FOLLOW_UP_DEFAULT = Schedule(offsets=(-3, 1))
USEFUL = timedelta(days=60)
"""After so long one mail more changes nothing: the page « À faire » still says it."""


def kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """On the schedules that the territory set."""
    return [
        Kind(
            FOLLOW_UP,
            "Décision à suivre",
            configuration.schedule(FOLLOW_UP, FOLLOW_UP_DEFAULT),
            _plan_follow_up,
            _owners,
            _render_follow_up,
            _name_decisions,
            date="l’échéance",
            receivers="La personne responsable de la décision ; à défaut, l’animation du groupe.",
        ),
    ]


async def _plan_follow_up(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(Decision.id), col(Decision.revision), col(Decision.due_on)).where(
            *_due(), col(Decision.due_on) > (now - USEFUL).date()
        )
    )
    occasions = []
    for decision_id, revision, due_on in rows:
        assert due_on is not None, "asked for above"
        until = datetime.combine(due_on, time(), tzinfo=zone) + USEFUL
        occasions += [
            Occasion(decision_id, revision, offset, due_at, useful_until=until)
            for offset, due_at in still_due(due_on, schedule.offsets, schedule.hour, zone, useful_until=until)
        ]
    return occasions


def _due() -> tuple[ColumnElement[bool], ...]:
    return (col(Decision.state) == DecisionState.OPEN, col(Decision.due_on).is_not(None))


def _owners(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    """The owner or, where nobody of the group is in charge, the facilitators."""
    facilitates = and_(
        same_group(Membership, Decision),
        col(Membership.role) == Role.FACILITATOR,
        col(Membership.ended_at).is_(None),
    )
    of_whom: tuple[Any, ...] = (
        col(Decision.id).label("subject_id"),
        col(Decision.revision).label("revision"),
        col(Decision.assigned_at).label("since"),
    )
    # Two lists rather than one join on either: in a group of 35 000, that would look at everybody for each decision.
    in_charge = union_all(
        select(*of_whom, col(Decision.owner_id).label("person_id")).where(*_due(), has_owner()),
        select(*of_whom, col(Membership.person_id)).join(Membership, facilitates).where(*_due(), ~has_owner()),
    ).subquery()
    return select(in_charge)


async def _name_decisions(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(shown_decisions(session).where(any_of(col(Decision.id), ids)))
    found = [DecisionShown.of(session, row) for row in rows]
    return {one.decision.id: Subject(one.called, one.path.removeprefix("/")) for one in found}


async def _render_follow_up(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    subjects = {reminder.subject_id for reminder in reminders}
    rows = await session.execute(shown_decisions(session).where(any_of(col(Decision.id), subjects)))
    shown = {one.decision.id: one for one in (DecisionShown.of(session, row) for row in rows)}
    contacts = await facilitators_addresses(session)
    return [_follow_up_mail(reminder, shown[reminder.subject_id], context, contacts) for reminder in reminders]


def _follow_up_mail(reminder: DueReminder, shown: DecisionShown, context: Context, contacts: tuple[str, ...]) -> Mail:
    decision = shown.decision
    today = context.now.astimezone(context.zone).date()
    assert decision.due_on is not None, "its audience has a due date"
    late = decision.due_on < today
    short, alone = decision_excerpt(decision.content, 60), " sans responsable," if shown.orphan else ""
    day = date_long(decision.due_on)
    task = (
        f"l’échéance est passée, {due_words(decision.due_on, today)}. Dites ce qui a été fait, ou changez la date"
        if late
        else f"à faire pour le {day} ({due_words(decision.due_on, today)})"
    )
    facts = (
        Fact("Décision", decision.content),
        Fact("Échéance", day),
        Fact("Décidé par", f"{shown.committee.title} du {date_long(shown.committee.local_start.date())}"),
        *([Fact(shown.subject.word, shown.subject.called)] if shown.subject else []),
    )
    return Mail(
        kind=FOLLOW_UP,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Décision{alone} en retard : {short}" if late else f"Décision{alone} à suivre pour le {day} : {short}",
        why=f"Une décision de comité n’a pas de responsable dans le groupe, confiez-la à quelqu’un : {task}."
        if shown.orphan
        else f"Un comité vous a confié une décision : {task}.",
        button=Button("Voir la décision", context.url(shown.path.removeprefix("/"))),
        facts=tuple(fact for fact in facts if fact.value),
        reply_to=but(reminder.email, contacts),
        notice=context.notice,
        thread=f"decision-{decision.id}",
    )


def but(reader: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Whom this reader may ask: nobody writes to themself."""
    return tuple(address for address in addresses if address != reader)

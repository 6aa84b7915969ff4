"""The reminders of collections: to référents who have not filed, before it closes; to the lead buyer, once it has."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.collections.queries import under_way
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership, Role
from pooling.needs.asked import Asked, asked_of
from pooling.needs.reminder_queries import (
    Closing,
    Silent,
    closings_of,
    has_filed,
    purchases_of,
    referent_of_participant,
    silent_members_of,
)
from pooling.outbox.mail import Button, Fact, Mail
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long, deadline_words, number, plural

DEADLINE = "needs_deadline"
CLOSING = "closing"
DEADLINE_DEFAULT = Schedule(offsets=(-7, -2))
CLOSING_DEFAULT = Schedule(offsets=(1,))
CLOSING_USEFUL = timedelta(days=60)
"""After so long the totals are no news, ordered or not."""


def need_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedules that the territory set."""
    return [
        Kind(
            DEADLINE,
            "Collecte à terminer",
            configuration.schedule(DEADLINE, DEADLINE_DEFAULT),
            _plan_deadline,
            _silent_referents,
            _render_deadline,
            _name_purchases,
            date="la clôture",
            receivers="Les référents qui n’ont pas encore déposé leur déclaration.",
        ),
        Kind(
            CLOSING,
            "Collecte close",
            configuration.schedule(CLOSING, CLOSING_DEFAULT),
            _plan_closing,
            _lead_buyers,
            _render_closing,
            _name_purchases,
            date="la clôture",
            receivers="Les acheteurs pilotes.",
        ),
    ]


async def _plan_deadline(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    return await _plan(session, zone, schedule, col(Collection.closes_at), under_way(now), timedelta(0))


async def _plan_closing(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    return await _plan(session, zone, schedule, col(Collection.closed_at), _closed(now), CLOSING_USEFUL)


async def _name_purchases(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Purchase.id), col(Purchase.reference), col(Purchase.title)).where(any_of(col(Purchase.id), ids))
    )
    return {key: Subject(f"{reference} · {title}", f"achats/{reference}") for key, reference, title in rows}


async def _plan(
    session: AsyncSession,
    zone: ZoneInfo,
    schedule: Schedule,
    dated: Mapped[datetime] | Mapped[datetime | None],
    which: tuple[ColumnElement[bool], ...],
    useful: timedelta,
) -> list[Occasion]:
    """The occasions around a date of these purchases, of use for so long after it."""
    rows = await session.execute(
        select(col(Purchase.id), col(Collection.revision), dated)
        .join(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(*which)
    )
    return [
        Occasion(purchase_id, revision, offset, due_at, useful_until=date + useful)
        for purchase_id, revision, date in rows
        if date is not None
        for offset, due_at in still_due(
            date.astimezone(zone).date(), schedule.offsets, schedule.hour, zone, useful_until=date + useful
        )
    ]


def _closed(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Not those whose purchase has gone on since."""
    return col(Purchase.state) == PurchaseState.CLOSED, col(Collection.closed_at) > now - CLOSING_USEFUL


def _silent_referents(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    """Référents of a participant that has filed nothing; once each, whatever the number of their members."""
    return (
        select(
            col(Participation.purchase_id).label("subject_id"),
            col(Collection.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(Collection.scheduled_at)).label("since"),
        )
        .select_from(Participation)
        .join(Collection, linked(Collection.purchase_id, Participation.purchase_id))
        .join(Membership, referent_of_participant())
        .where(*under_way(now), ~has_filed())
        .group_by(
            col(Participation.purchase_id),
            col(Collection.revision),
            col(Collection.scheduled_at),
            col(Membership.person_id),
        )
    )


def _lead_buyers(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    return (
        select(
            col(Purchase.id).label("subject_id"),
            col(Collection.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(col(Membership.started_at), col(Collection.closed_at)).label("since"),
        )
        .select_from(Purchase)
        .join(Collection, linked(Collection.purchase_id, Purchase.id))
        .join(
            Membership,
            and_(
                linked(Membership.purchase_id, Purchase.id),
                col(Membership.role) == Role.LEAD_BUYER,
                col(Membership.ended_at).is_(None),
            ),
        )
        .where(*_closed(now))
    )


async def _render_deadline(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    purchases = await purchases_of(session, reminders)
    members = await silent_members_of(session, reminders)
    asked = await asked_of(session, purchases)
    return [
        _deadline_mail(
            reminder,
            purchases[reminder.subject_id],
            members[reminder.subject_id, reminder.person_id],
            asked[reminder.subject_id],
            context,
        )
        for reminder in reminders
    ]


def _deadline_mail(
    reminder: DueReminder, purchase: Purchase, members: list[Silent], asked: Asked, context: Context
) -> Mail:
    until = deadline_words(reminder.useful_until, context.now, context.zone)
    names = ", ".join(member.said for member in members)
    asking = kind_of(purchase.kind).asking
    assert asking is not None, "its audience is asked something"
    return Mail(
        kind=DEADLINE,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"{asking.due.format(until=until)} : {purchase.title}",
        why=asking.reminds.format(members=names, until=until),
        button=Button(asking.act, context.url(f"achats/{purchase.reference}{asking.section}")),
        facts=asked.facts(f"{purchase.title} ({purchase.reference})"),
        reply_to=asked.buyers,
        notice=context.notice,
        thread=f"purchase-{purchase.id}",
    )


async def _render_closing(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    purchases = await purchases_of(session, reminders)
    closings = await closings_of(session, list(purchases))
    return [
        _closing_mail(reminder, purchases[reminder.subject_id], closings[reminder.subject_id], context)
        for reminder in reminders
    ]


def _closing_mail(reminder: DueReminder, purchase: Purchase, closing: Closing, context: Context) -> Mail:
    assert closing.closed_at is not None, "its audience leads closed purchases"
    closed = date_long(closing.closed_at.astimezone(context.zone).date())
    totals = [f"{item.name} : {plural(item.quantity, item.unit)}" for item in closing.items]
    others = closing.item_count - len(closing.items)
    asking = kind_of(purchase.kind).asking
    assert asking is not None, "its audience asked something"
    facts = (
        Fact("Achat", f"{purchase.title} ({purchase.reference})"),
        Fact("Lignes déclarées", number(closing.lines) if closing.item_count else ""),
        Fact("Total par article", "\n".join([*totals, *([_and(others, "article")] if others else [])])),
        Fact("Réponses « pas de besoin »", number(closing.no_need) if closing.no_need else ""),
        Fact(f"Sans réponse ({number(closing.silent_count)})", _silent_said(closing)),
    )
    return Mail(
        kind=CLOSING,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"{asking.closed} : {purchase.title}",
        why=f"Vous pilotez cet achat : sa collecte est close depuis le {closed}, avec "
        f"{plural(closing.filed, f'{asking.answer} déposée', f'{asking.answer}s déposées')} sur "
        f"{number(closing.participants)}. {asking.closed_next}",
        button=Button(asking.next_label, context.url(f"achats/{purchase.reference}{asking.next_path}")),
        facts=tuple(fact for fact in facts if fact.value),
        notice=context.notice,
        thread=f"purchase-{purchase.id}",
    )


def _silent_said(closing: Closing) -> str:
    others = closing.silent_count - len(closing.silent)
    return ", ".join(closing.silent) + (f" {_and(others, 'membre')}" if others else "")


def _and(others: int, noun: str) -> str:
    return f"et {plural(others, f'autre {noun}', f'autres {noun}s')}"

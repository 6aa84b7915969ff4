"""The mails that ask: some days after a delivery, the day after a committee; once, to those who have not answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee
from pooling.kernel.tables import any_of
from pooling.outbox.mail import Button, Mail
from pooling.purchases.models import Purchase
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.satisfaction.audiences import HELD, OVER, attendants, delivered_at, receivers, silent
from pooling.satisfaction.models import Opinion
from pooling.satisfaction.naming import titles_of
from pooling.satisfaction.rules import QUESTIONS, About

OF_PURCHASES, OF_COMMITTEES = "opinion_purchase", "opinion_committee"
AFTER_DELIVERY, AFTER_COMMITTEE = Schedule(offsets=(3,)), Schedule(offsets=(1,))
USEFUL_FOR = timedelta(days=30)


def opinion_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's mails, on the schedule that the territory set."""
    return [
        Kind(
            OF_PURCHASES,
            "Avis après une livraison",
            configuration.schedule(OF_PURCHASES, AFTER_DELIVERY),
            _plan_purchases,
            lambda _zone, _now: silent(receivers(), col(Opinion.purchase_id)),
            _render_purchases,
            _name_purchases,
            date="la livraison",
            receivers="Les référents des membres livrés.",
        ),
        Kind(
            OF_COMMITTEES,
            "Avis après un comité",
            configuration.schedule(OF_COMMITTEES, AFTER_COMMITTEE),
            _plan_committees,
            lambda _zone, _now: silent(attendants(), col(Opinion.committee_id)),
            _render_committees,
            _name_committees,
            date="la réunion",
            receivers="Les personnes présentes.",
        ),
    ]


async def _plan_purchases(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    at = delivered_at()
    rows = await session.execute(
        select(col(Purchase.id), at).where(any_of(col(Purchase.state), OVER), at >= now - USEFUL_FOR)
    )
    return _occasions(rows.all(), schedule, zone)


async def _plan_committees(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(Committee.id), col(Committee.ends_at)).where(
            any_of(col(Committee.state), HELD), col(Committee.ends_at) >= now - USEFUL_FOR
        )
    )
    return _occasions(rows.all(), schedule, zone)


def _occasions(dated: Sequence[Any], schedule: Schedule, zone: ZoneInfo) -> list[Occasion]:
    return [
        Occasion(subject_id, 1, offset, due_at, useful_until=at + USEFUL_FOR)
        for subject_id, at in dated
        for offset, due_at in still_due(
            at.astimezone(zone).date(), schedule.offsets, schedule.hour, zone, useful_until=at + USEFUL_FOR
        )
    ]


async def _name_purchases(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Purchase.id), col(Purchase.reference), col(Purchase.title)).where(any_of(col(Purchase.id), ids))
    )
    return {key: Subject(f"{reference} · {title}", f"achats/{reference}") for key, reference, title in rows}


async def _name_committees(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(select(col(Committee.id), col(Committee.title)).where(any_of(col(Committee.id), ids)))
    return {key: Subject(title, f"comites/{key}") for key, title in rows}


async def _render_purchases(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    return await _mails(session, reminders, context, About.PURCHASE)


async def _render_committees(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    return await _mails(session, reminders, context, About.COMMITTEE)


async def _mails(session: AsyncSession, reminders: Sequence[DueReminder], context: Context, about: About) -> list[Mail]:
    titles = await titles_of(session, about, [one.subject_id for one in reminders])
    return [_mail(one, titles[one.subject_id], context, about) for one in reminders]


def _mail(reminder: DueReminder, title: str, context: Context, about: About) -> Mail:
    purchase = about is About.PURCHASE
    address = f"{context.base_url.rstrip('/')}/avis/{context.slug}/{about}/{reminder.subject_id}/{reminder.mail_key}"
    return Mail(
        kind=OF_PURCHASES if purchase else OF_COMMITTEES,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Votre avis : {title}",
        why="Votre livraison est arrivée : deux questions pour mieux acheter la prochaine fois."
        if purchase
        else "Vous étiez à cette réunion : deux questions pour mieux préparer la prochaine.",
        paragraphs=QUESTIONS[about],
        button=Button("Répondre en un instant", address),
        notice=context.notice,
        thread=f"{'purchase' if purchase else 'committee'}-{reminder.subject_id}",
    )

"""The reminders of purchases run elsewhere: to référents and lead buyers, before each of their days."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.followups.models import FollowUp, FollowUpDate
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long

FOLLOWUP = "followup_date"
DEFAULT = Schedule(offsets=(-7, -1))


def followup_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedule that the territory set."""
    return [
        Kind(
            FOLLOWUP,
            "Date d’un achat mené ailleurs",
            configuration.schedule(FOLLOWUP, DEFAULT),
            _plan,
            _followers,
            _render,
            _name_dates,
            date="la date suivie",
            receivers="Les référents des participants et les acheteurs pilotes.",
        )
    ]


_FOLLOWED = col(Purchase.state) == PurchaseState.ORDERED


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(FollowUpDate.id), col(FollowUpDate.day))
        .join(Purchase, linked(Purchase.id, FollowUpDate.purchase_id))
        .where(_FOLLOWED, col(FollowUpDate.day) >= now.astimezone(zone).date())
    )
    return [
        Occasion(date_id, 1, offset, due_at, useful_until=useful_until)
        for date_id, day in rows
        for useful_until in [datetime.combine(day, time(), tzinfo=zone) + timedelta(days=1)]
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _followers(zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Once each, whatever the number of their roles."""
    of_member = and_(linked(Membership.member_id, Participation.member_id), col(Membership.role) == Role.REFERENT)
    of_purchase = and_(
        linked(Membership.purchase_id, FollowUpDate.purchase_id), col(Membership.role) == Role.LEAD_BUYER
    )
    statement: Select[Any] = (
        select(
            col(FollowUpDate.id).label("subject_id"),
            literal(1).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(FollowUpDate.set_at)).label("since"),
        )
        .select_from(FollowUpDate)
        .join(Purchase, linked(Purchase.id, FollowUpDate.purchase_id))
        .join(Participation, linked(Participation.purchase_id, FollowUpDate.purchase_id))
        .join(Membership, and_(or_(of_member, of_purchase), col(Membership.ended_at).is_(None)))
        .where(_FOLLOWED, col(FollowUpDate.day) >= now.astimezone(zone).date())
        .group_by(col(FollowUpDate.id), col(FollowUpDate.set_at), col(Membership.person_id))
    )
    return statement


async def _name_dates(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(FollowUpDate.id), col(FollowUpDate.label), col(Purchase.reference), col(Purchase.title))
        .join(Purchase, linked(Purchase.id, FollowUpDate.purchase_id))
        .where(any_of(col(FollowUpDate.id), ids))
    )
    return {
        key: Subject(f"{reference} · {title} : {label}", f"achats/{reference}/ailleurs")
        for key, label, reference, title in rows
    }


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    rows = await session.execute(
        select(FollowUpDate, Purchase, FollowUp)
        .join(Purchase, linked(Purchase.id, FollowUpDate.purchase_id))
        .join(FollowUp, linked(FollowUp.purchase_id, FollowUpDate.purchase_id))
        .where(any_of(col(FollowUpDate.id), [one.subject_id for one in reminders]))
    )
    known = {dated.id: (dated, purchase, kept) for dated, purchase, kept in rows}
    return [_mail(one, *known[one.subject_id], context) for one in reminders]


def _mail(reminder: DueReminder, dated: FollowUpDate, purchase: Purchase, kept: FollowUp, context: Context) -> Mail:
    day = date_long(dated.day)
    return Mail(
        kind=FOLLOWUP,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"{dated.label}, {day} : {purchase.title}",
        why=f"Le groupe suit cet achat, mené par {kept.organiser}. À ne pas manquer : {dated.label}, {day}.",
        button=Button("Voir le suivi", context.url(f"achats/{purchase.reference}/ailleurs")),
        facts=(
            Fact("Achat", f"{purchase.title} ({purchase.reference})"),
            *([Fact("Comment participer", kept.joining)] if kept.joining else []),
        ),
        notice=context.notice,
        thread=f"purchase-{purchase.id}",
    )

"""The reminders of offers, to référents: before it ends, so that agents know; after, to say how many bought."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership
from pooling.needs.reminder_queries import purchases_of, referent_of_participant
from pooling.offers.models import Offer
from pooling.offers.queries import owes_uptake
from pooling.outbox.mail import Button, Fact, Mail
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long

ENDING, UPTAKE = "offer_ending", "offer_uptake"
ENDING_DEFAULT = Schedule(offsets=(-14, -3))
UPTAKE_DEFAULT = Schedule(offsets=(3, 14))
UPTAKE_USEFUL = timedelta(days=60)


def offer_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedules that the territory set."""
    return [
        Kind(
            ENDING,
            "Offre aux agents bientôt finie",
            configuration.schedule(ENDING, ENDING_DEFAULT),
            _plan_ending,
            _referents_of_running,
            _render_ending,
            _name_offers,
            date="le dernier jour de l’offre",
            receivers="Les référents de tous les participants.",
        ),
        Kind(
            UPTAKE,
            "Offre aux agents : combien ont acheté",
            configuration.schedule(UPTAKE, UPTAKE_DEFAULT),
            _plan_uptake,
            _referents_who_owe,
            _render_uptake,
            _name_offers,
            date="le dernier jour de l’offre",
            receivers="Les référents qui n’ont pas encore dit combien d’agents ont acheté.",
        ),
    ]


def has_ended_by(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Of a published offer beside its purchase: it has ended, and its account is not over."""
    run_out = and_(col(Purchase.state) == PurchaseState.ORDERED, col(Offer.valid_until) < today)
    return or_(col(Purchase.state) == PurchaseState.DELIVERED, run_out)


async def _plan_ending(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    running = (col(Purchase.state) == PurchaseState.ORDERED, col(Offer.valid_until) >= now.astimezone(zone).date())
    return await _plan(session, schedule, zone, running, timedelta(days=1))


async def _plan_uptake(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    published = [str(PurchaseState.ORDERED), str(PurchaseState.DELIVERED)]
    recent = (col(Purchase.state).in_(published), col(Offer.valid_until) > now.astimezone(zone).date() - UPTAKE_USEFUL)
    return await _plan(session, schedule, zone, recent, UPTAKE_USEFUL)


async def _plan(
    session: AsyncSession,
    schedule: Schedule,
    zone: ZoneInfo,
    which: tuple[ColumnElement[bool], ...],
    useful: timedelta,
) -> list[Occasion]:
    """The occasions around the last day of these offers, of use for so long after its beginning."""
    rows = await session.execute(
        select(col(Offer.purchase_id), col(Offer.revision), col(Offer.valid_until))
        .join(Purchase, linked(Purchase.id, Offer.purchase_id))
        .where(*which)
    )
    return [
        Occasion(purchase_id, revision, offset, due_at, useful_until=useful_until)
        for purchase_id, revision, day in rows
        if day is not None
        for useful_until in [datetime.combine(day, time(), tzinfo=zone) + useful]
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _referents_of_running(zone: ZoneInfo, now: datetime) -> Select[Any]:
    today = now.astimezone(zone).date()
    return _referents(col(Purchase.state) == PurchaseState.ORDERED, col(Offer.valid_until) >= today)


def _referents_who_owe(zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Also of offers that end later: what is planned for then is planned before."""
    published = [str(PurchaseState.ORDERED), str(PurchaseState.DELIVERED)]
    recent = col(Offer.valid_until) > now.astimezone(zone).date() - UPTAKE_USEFUL
    return _referents(col(Purchase.state).in_(published), recent, owes_uptake())


def _referents(*which: ColumnElement[bool]) -> Select[Any]:
    """Once each, whatever the number of their members."""
    statement: Select[Any] = (
        select(
            col(Participation.purchase_id).label("subject_id"),
            col(Offer.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(Offer.scheduled_at)).label("since"),
        )
        .select_from(Participation)
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .join(Offer, linked(Offer.purchase_id, Participation.purchase_id))
        .join(Membership, referent_of_participant())
        .where(*which)
        .group_by(
            col(Participation.purchase_id), col(Offer.revision), col(Offer.scheduled_at), col(Membership.person_id)
        )
    )
    return statement


async def _name_offers(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Purchase.id), col(Purchase.reference), col(Purchase.title)).where(any_of(col(Purchase.id), ids))
    )
    return {key: Subject(f"{reference} · {title}", f"achats/{reference}/offre") for key, reference, title in rows}


async def _render_ending(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    return await _render(session, reminders, context, _ending)


async def _render_uptake(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    return await _render(session, reminders, context, _uptake)


async def _render(
    session: AsyncSession,
    reminders: Sequence[DueReminder],
    context: Context,
    words: Any,  # noqa: ANN401
) -> list[Mail]:
    purchases = await purchases_of(session, reminders)
    rows = await session.execute(select(Offer).where(any_of(col(Offer.purchase_id), purchases)))
    offers = {offer.purchase_id: offer for offer in rows.scalars()}
    return [words(one, purchases[one.subject_id], offers[one.subject_id], context) for one in reminders]


def _ending(reminder: DueReminder, purchase: Purchase, offer: Offer, context: Context) -> Mail:
    assert offer.valid_until is not None, "it is reminded of that day"
    last = date_long(offer.valid_until)
    return _mail(
        reminder,
        purchase,
        offer,
        context,
        subject=f"Offre aux agents jusqu’au {last} : {purchase.title}",
        why=f"L’offre se termine le {last} : rappelez-la aux agents qu’elle intéresse.",
        button=Button("Voir l’offre", context.url(f"achats/{purchase.reference}/offre")),
    )


def _uptake(reminder: DueReminder, purchase: Purchase, offer: Offer, context: Context) -> Mail:
    return _mail(
        reminder,
        purchase,
        offer,
        context,
        subject=f"Combien d’agents ont acheté ? {purchase.title}",
        why="L’offre est finie : dites combien de vos agents ont acheté, même s’il n’y en a aucun.",
        button=Button("Répondre", context.url(f"achats/{purchase.reference}/bilan")),
    )


def _mail(
    reminder: DueReminder, purchase: Purchase, offer: Offer, context: Context, *, subject: str, why: str, button: Button
) -> Mail:
    return Mail(
        kind=reminder.kind,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=subject,
        why=why,
        button=button,
        facts=(
            Fact("Achat", f"{purchase.title} ({purchase.reference})"),
            Fact("Offre de", offer.supplier),
            Fact("Comment en profiter", offer.claiming),
        ),
        notice=context.notice,
        thread=f"purchase-{purchase.id}",
    )

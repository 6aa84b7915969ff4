"""The reminders of collections: to référents who have not filed, before it closes; to the lead buyer, once it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col

from pooling.members.models import Member, Membership, Role
from pooling.needs.models import Declaration, DeclarationState
from pooling.outbox.mail import Button, Fact, Mail
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.queries import is_member
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import upcoming
from pooling.web.typography import before, plural

DEADLINE = "needs_deadline"
CLOSING = "closing"
DEADLINE_DEFAULT = Schedule(offsets=(-7, -2))
CLOSING_DEFAULT = Schedule(offsets=(1,))
CLOSING_USEFUL = timedelta(days=60)
"""After so long the totals are no news, ordered or not."""
NAMED_AT_MOST = 20


def kinds(configuration: ReminderConfiguration) -> list[Kind]:
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
        ),
    ]


async def _plan_deadline(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    return await _plan(session, zone, schedule, col(Purchase.closes_at), _open(now), timedelta(0))


async def _plan_closing(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    return await _plan(session, zone, schedule, col(Purchase.closed_at), _closed(now), CLOSING_USEFUL)


async def _name_purchases(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Purchase.id), col(Purchase.reference), col(Purchase.title)).where(col(Purchase.id).in_(ids))
    )
    return {key: Subject(f"{reference} · {title}", f"achats/{reference}") for key, reference, title in rows}


async def _plan(
    session: AsyncSession,
    zone: ZoneInfo,
    schedule: Schedule,
    dated: Mapped[datetime | None],
    which: tuple[ColumnElement[bool], ...],
    useful: timedelta,
) -> list[Occasion]:
    """The occasions around a date of these purchases, of use for so long after it."""
    rows = await session.execute(select(col(Purchase.id), col(Purchase.revision), dated).where(*which))
    return [
        Occasion(purchase_id, revision, offset, due_at, useful_until=date + useful)
        for purchase_id, revision, date in rows
        if date is not None
        for offset, due_at in upcoming(
            date.astimezone(zone).date(), schedule.offsets, schedule.hour, zone, useful_until=date + useful
        )
    ]


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Purchase.state) == PurchaseState.OPEN, col(Purchase.closes_at) > now


def _closed(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Purchase.state) == PurchaseState.CLOSED, col(Purchase.closed_at) > now - CLOSING_USEFUL


def _has_filed() -> ColumnElement[bool]:
    filed = aliased(Declaration)
    return exists().where(
        col(filed.group_id) == Participation.group_id,
        col(filed.purchase_id) == Participation.purchase_id,
        col(filed.member_id) == Participation.member_id,
        col(filed.state) == DeclarationState.FILED,
    )


def _silent_referents(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    """Référents of a participant that has filed nothing; once each, whatever the number of their members."""
    return (
        select(
            col(Purchase.id).label("subject_id"),
            col(Purchase.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(Purchase.scheduled_at)).label("since"),
        )
        .select_from(Participation)
        .join(
            Purchase,
            and_(col(Purchase.group_id) == Participation.group_id, col(Purchase.id) == Participation.purchase_id),
        )
        .join(Membership, _referent_of_participant())
        .where(*_open(now), ~_has_filed())
        .group_by(col(Purchase.id), col(Purchase.revision), col(Purchase.scheduled_at), col(Membership.person_id))
    )


def _referent_of_participant() -> ColumnElement[bool]:
    return and_(
        col(Membership.group_id) == Participation.group_id,
        col(Membership.member_id) == Participation.member_id,
        col(Membership.role) == Role.REFERENT,
        col(Membership.ended_at).is_(None),
    )


def _lead_buyers(zone: ZoneInfo, now: datetime) -> Select[Any]:  # noqa: ARG001 - other kinds need the zone
    return (
        select(
            col(Purchase.id).label("subject_id"),
            col(Purchase.revision).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(col(Membership.started_at), col(Purchase.closed_at)).label("since"),
        )
        .select_from(Purchase)
        .join(
            Membership,
            and_(
                col(Membership.group_id) == Purchase.group_id,
                col(Membership.purchase_id) == Purchase.id,
                col(Membership.role) == Role.LEAD_BUYER,
                col(Membership.ended_at).is_(None),
            ),
        )
        .where(*_closed(now))
    )


@dataclass(frozen=True)
class _Silent:
    """A member that a référent is reminded of."""

    name: str
    has_draft: bool

    @property
    def said(self) -> str:
        return f"{self.name} (brouillon à déposer)" if self.has_draft else self.name


async def _render_deadline(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    purchases = await _purchases(session, reminders)
    members = await _silent_members(session, reminders)
    return [
        _deadline_mail(
            reminder, purchases[reminder.subject_id], members[reminder.subject_id, reminder.person_id], context
        )
        for reminder in reminders
    ]


async def _purchases(session: AsyncSession, reminders: Sequence[DueReminder]) -> dict[int, Purchase]:
    ids = {reminder.subject_id for reminder in reminders}
    found = await session.execute(select(Purchase).where(col(Purchase.id).in_(ids)))
    return {purchase.id: purchase for purchase in found.scalars()}


async def _silent_members(
    session: AsyncSession, reminders: Sequence[DueReminder]
) -> dict[tuple[int, int], list[_Silent]]:
    draft = aliased(Declaration)
    has_draft = exists().where(
        col(draft.group_id) == Participation.group_id,
        col(draft.purchase_id) == Participation.purchase_id,
        col(draft.member_id) == Participation.member_id,
        col(draft.state) == DeclarationState.DRAFT,
    )
    rows = await session.execute(
        select(
            col(Participation.purchase_id), col(Membership.person_id), col(Member.name), case((has_draft, 1), else_=0)
        )
        .select_from(Participation)
        .join(Member, is_member(Participation.group_id, Participation.member_id))
        .join(Membership, _referent_of_participant())
        .where(
            col(Participation.purchase_id).in_({reminder.subject_id for reminder in reminders}),
            col(Membership.person_id).in_({reminder.person_id for reminder in reminders}),
            ~_has_filed(),
        )
        .order_by(col(Member.sort_key))
    )
    found: dict[tuple[int, int], list[_Silent]] = {}
    for purchase_id, person_id, name, drafted in rows:
        found.setdefault((purchase_id, person_id), []).append(_Silent(name, bool(drafted)))
    return found


def _deadline_mail(reminder: DueReminder, purchase: Purchase, members: list[_Silent], context: Context) -> Mail:
    until = before(reminder.useful_until, context.now, context.zone)
    names = ", ".join(member.said for member in members)
    return Mail(
        kind=DEADLINE,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Besoins à déclarer {until} : {purchase.title}",
        why=f"Aucune déclaration n’est déposée pour {names} : déclarez les besoins {until}, même s’il n’y en a aucun.",
        button=Button("Déclarer", context.url(f"achats/{purchase.reference}/besoins")),
        facts=(Fact("Achat", f"{purchase.title} ({purchase.reference})"),),
        notice=context.notice,
    )


async def _render_closing(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    purchases = await _purchases(session, reminders)
    ids = list(purchases)
    counts = await session.execute(
        select(col(Participation.purchase_id), func.count(), func.count().filter(_has_filed()))
        .where(col(Participation.purchase_id).in_(ids))
        .group_by(col(Participation.purchase_id))
    )
    answered = {purchase_id: (participants, filed) for purchase_id, participants, filed in counts}
    silent = await session.execute(
        select(col(Participation.purchase_id), col(Member.name))
        .select_from(Participation)
        .join(Member, is_member(Participation.group_id, Participation.member_id))
        .where(col(Participation.purchase_id).in_(ids), ~_has_filed())
        .order_by(col(Member.sort_key))
    )
    names: dict[int, list[str]] = {}
    for purchase_id, name in silent:
        names.setdefault(purchase_id, []).append(name)
    return [
        _closing_mail(
            reminder,
            purchases[reminder.subject_id],
            *answered.get(reminder.subject_id, (0, 0)),
            names.get(reminder.subject_id, []),
            context,
        )
        for reminder in reminders
    ]


def _closing_mail(
    reminder: DueReminder, purchase: Purchase, participants: int, filed: int, silent: list[str], context: Context
) -> Mail:
    without = ", ".join(silent[:NAMED_AT_MOST]) + ("…" if len(silent) > NAMED_AT_MOST else "")
    return Mail(
        kind=CLOSING,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Collecte close, à consolider : {purchase.title}",
        why=f"La collecte de cet achat est close : {plural(filed, 'déclaration déposée', 'déclarations déposées')} "
        f"sur {participants}. Figez la consolidation pour passer commande.",
        button=Button("Voir la consolidation", context.url(f"achats/{purchase.reference}/consolidation")),
        facts=(
            Fact("Achat", f"{purchase.title} ({purchase.reference})"),
            *([Fact("Sans réponse", without)] if silent else []),
        ),
        notice=context.notice,
    )

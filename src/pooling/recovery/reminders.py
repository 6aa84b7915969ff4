"""The reminders of recovery: to a creditor's finance, that titres are still to be issued; to a debtor's, that one is
due. Each step is told once, and both end by themselves with what is noted.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.models import AllocationRecord
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, Membership, Role
from pooling.outbox.mail import Button, Fact, Mail
from pooling.purchases.models import Purchase, PurchaseState
from pooling.recovery.models import RecoveryEntry
from pooling.recovery.page import SECTION
from pooling.recovery.reading import lacking_of, open_titres, sums_of
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.sharing.money import Cents
from pooling.web.typography import date_long, euros, plural

TO_ISSUE, DUE = "titre_to_issue", "titre_due"
TO_ISSUE_DEFAULT = Schedule(offsets=(7, 30))
DUE_DEFAULT = Schedule(offsets=(-7, 1, 15))
USEFUL = timedelta(days=90)
"""Days after the date: whoever has not acted by then is not reminded by us any more."""
NAMED_AT_MOST = 10


def recovery_kinds(reminders: ReminderConfiguration, finance: FinanceConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedules that the territory set; the law says which titres are too small."""
    return [
        Kind(
            TO_ISSUE,
            "Titres de recettes à émettre",
            reminders.schedule(TO_ISSUE, TO_ISSUE_DEFAULT),
            partial(_plan_issuing, finance),
            partial(_who_issues, finance),
            partial(_render_issuing, finance),
            _name_purchases,
            date="le jour où l’état de répartition est figé",
            receivers="Les finances de qui d’autres membres remboursent\u00a0; à défaut, les acheteurs pilotes.",
        ),
        Kind(
            DUE,
            "Titre de recettes à payer",
            reminders.schedule(DUE, DUE_DEFAULT),
            _plan_due,
            _who_pays,
            _render_due,
            _name_titres,
            date="l’échéance du titre",
            receivers="Les finances des membres qui ont un titre à payer\u00a0; à défaut, leurs référents.",
        ),
    ]


def _finance_or(member: ColumnElement[Any], otherwise: ColumnElement[bool]) -> ColumnElement[bool]:
    """Who holds a role now: finance of the member, or `otherwise` where it has none."""
    finance = aliased(Membership)
    has_finance = exists().where(
        col(finance.member_id) == member, col(finance.role) == Role.FINANCE, col(finance.ended_at).is_(None)
    )
    return and_(
        col(Membership.ended_at).is_(None),
        or_(
            and_(col(Membership.member_id) == member, col(Membership.role) == Role.FINANCE),
            and_(otherwise, ~has_finance),
        ),
    )


def _lately(zone: ZoneInfo, now: datetime) -> date:
    return now.astimezone(zone).date() - USEFUL


def _occasions(subject: tuple[int, int], day: date, schedule: Schedule, zone: ZoneInfo) -> list[Occasion]:
    until = datetime.combine(day, time(), tzinfo=zone) + USEFUL
    return [
        Occasion(*subject, offset, due_at, useful_until=until)
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=until)
    ]


# Titres to issue: the subject is the purchase, its revision the number of the latest version of its allocation.


def _lacking(finance: FinanceConfiguration, zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Debts of which a titre lacks by the latest version that was frozen lately, with how much of it."""
    today, later = now.astimezone(zone).date(), aliased(AllocationRecord)
    sums = sums_of(today)
    lacking = lacking_of(sums, finance.smallest_titre_on(today))
    return (
        select(
            col(Purchase.id).label("purchase"),
            col(AllocationRecord.number).label("number"),
            col(AllocationRecord.frozen_at).label("frozen_at"),
            *(sums.c.creditor, sums.c.debtor, lacking.label("lacking")),
        )
        .select_from(sums)
        .join(Purchase, col(Purchase.id) == sums.c.purchase)
        .join(AllocationRecord, linked(AllocationRecord.purchase_id, Purchase.id))
        .where(
            ~exists().where(
                linked(later.purchase_id, AllocationRecord.purchase_id),
                col(later.number) > col(AllocationRecord.number),
            ),
            col(AllocationRecord.frozen_at) > now - USEFUL,
            col(Purchase.state) != PurchaseState.CANCELLED,
            lacking > 0,
        )
    )


async def _plan_issuing(
    finance: FinanceConfiguration, session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime
) -> list[Occasion]:
    found = _lacking(finance, zone, now).subquery()
    rows = await session.execute(select(found.c.purchase, found.c.number, found.c.frozen_at).distinct())
    return [
        occasion
        for purchase_id, number, frozen_at in rows
        for occasion in _occasions((purchase_id, number), frozen_at.astimezone(zone).date(), schedule, zone)
    ]


def _who_issues(finance: FinanceConfiguration, zone: ZoneInfo, now: datetime) -> Select[Any]:
    told = _issuing(finance, zone, now).subquery()
    return select(
        *(told.c.subject_id, told.c.revision, told.c.person_id), func.min(told.c.since).label("since")
    ).group_by(told.c.subject_id, told.c.revision, told.c.person_id)


def _issuing(finance: FinanceConfiguration, zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Who is told of titres of which creditor."""
    lacking = _lacking(finance, zone, now).subquery()
    found = select(lacking.c.purchase, lacking.c.number, lacking.c.frozen_at, lacking.c.creditor).distinct().subquery()
    buyers = and_(col(Membership.purchase_id) == found.c.purchase, col(Membership.role) == Role.LEAD_BUYER)
    return select(
        found.c.purchase.label("subject_id"),
        found.c.number.label("revision"),
        col(Membership.person_id).label("person_id"),
        found.c.creditor,
        func.greatest(col(Membership.started_at), found.c.frozen_at).label("since"),
    ).join_from(found, Membership, _finance_or(found.c.creditor, buyers))


class Lacking(NamedTuple):
    """What a creditor has to issue for a purchase."""

    creditor: str
    number: int
    frozen_at: datetime
    titres: int
    cents: Cents
    named: Sequence[tuple[str, Cents]]
    """The largest of them: whom they are for."""


async def _render_issuing(
    finance: FinanceConfiguration, session: AsyncSession, reminders: Sequence[DueReminder], context: Context
) -> list[Mail]:
    purchases = await _purchases(session, {one.subject_id for one in reminders})
    told = _issuing(finance, context.zone, context.now).subquery()
    rows = await session.execute(
        select(told.c.subject_id, told.c.person_id, told.c.creditor).where(
            any_of(told.c.subject_id, list(purchases)), any_of(told.c.person_id, {one.person_id for one in reminders})
        )
    )
    of_person: dict[tuple[int, int], list[int]] = defaultdict(list)
    for purchase_id, person_id, creditor_id in rows:
        of_person[purchase_id, person_id].append(creditor_id)
    lacking = await _lacking_by(session, finance, purchases, context)
    return [
        _issuing_mail(
            one,
            purchases[one.subject_id],
            [lacking[one.subject_id, creditor] for creditor in of_person[one.subject_id, one.person_id]],
            context,
        )
        for one in reminders
    ]


async def _lacking_by(
    session: AsyncSession, finance: FinanceConfiguration, purchases: Collection[int], context: Context
) -> dict[tuple[int, int], Lacking]:
    """By purchase and creditor: a few rows, whatever the number of members."""
    found, creditor, debtor = _lacking(finance, context.zone, context.now).subquery(), aliased(Member), aliased(Member)
    largest = func.array_agg(
        aggregate_order_by(
            func.jsonb_build_array(col(debtor.name), found.c.lacking), found.c.lacking.desc(), col(debtor.sort_key)
        )
    )
    rows = await session.execute(
        select(
            *(found.c.purchase, found.c.creditor, col(creditor.name), found.c.number, found.c.frozen_at),
            *(func.count(), func.sum(found.c.lacking), largest[1:NAMED_AT_MOST]),
        )
        .join(creditor, col(creditor.id) == found.c.creditor)
        .join(debtor, col(debtor.id) == found.c.debtor)
        .where(any_of(found.c.purchase, list(purchases)))
        .group_by(found.c.purchase, found.c.creditor, col(creditor.name), found.c.number, found.c.frozen_at)
    )
    return {
        (purchase, creditor_id): Lacking(name, number, frozen_at, many, int(cents), [tuple(one) for one in named])
        for purchase, creditor_id, name, number, frozen_at, many, cents, named in rows
    }


def _issuing_mail(reminder: DueReminder, purchase: Purchase, lacking: Sequence[Lacking], context: Context) -> Mail:
    titres, cents = sum(one.titres for one in lacking), sum(one.cents for one in lacking)
    named = sorted((pair for one in lacking for pair in one.named), key=lambda pair: -pair[1])[:NAMED_AT_MOST]
    listed = [f"{name} : {euros(amount)}" for name, amount in named]
    if titres > len(listed):
        listed.append(f"et {plural(titres - len(listed), 'autre membre', 'autres membres')}")
    said = plural(titres, "titre de recettes", "titres de recettes")
    number, day = lacking[0].number, date_long(lacking[0].frozen_at.astimezone(context.zone).date())
    return Mail(
        kind=TO_ISSUE,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"{said} à émettre : {purchase.title}",
        why=(
            f"L’état de répartition n° {number} est figé depuis le {day}. {euros(cents)} TTC restent à demander aux "
            f"membres pour {_and(sorted({one.creditor for one in lacking}))} : notez chaque titre une fois émis, et "
            "ce courriel ne revient pas."
        ),
        button=Button("Voir les titres à émettre", context.url(_path(purchase))),
        facts=(
            Fact("Achat", f"{purchase.title} ({purchase.reference})"),
            Fact("À émettre", f"{said}, {euros(cents)} TTC"),
            Fact("Pour", "\n".join(listed)),
        ),
        notice=context.notice,
        thread=f"purchase-{purchase.id}",
    )


def _and(names: Sequence[str]) -> str:
    return " et ".join((*([", ".join(names[:-1])] if len(names) > 1 else []), names[-1]))


def _path(purchase: Purchase) -> str:
    return f"achats/{purchase.reference}{SECTION}"


async def _purchases(session: AsyncSession, ids: Collection[int]) -> dict[int, Purchase]:
    found = await session.execute(select(Purchase).where(any_of(col(Purchase.id), ids)))
    return {one.id: one for one in found.scalars()}


async def _name_purchases(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    found = await _purchases(session, ids)
    return {key: Subject(f"{one.reference} · {one.title}", _path(one)) for key, one in found.items()}


# Titres to pay: the subject is the titre. It never changes; another one is another subject.


async def _plan_due(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    found = open_titres()
    rows = await session.execute(select(found.c.id, found.c.due_on).where(found.c.due_on > _lately(zone, now)))
    return [occasion for key, day in rows for occasion in _occasions((key, 1), day, schedule, zone)]


def _who_pays(zone: ZoneInfo, now: datetime) -> Select[Any]:
    found = open_titres()
    referents = and_(col(Membership.member_id) == found.c.debtor_id, col(Membership.role) == Role.REFERENT)
    return (
        select(
            found.c.id.label("subject_id"),
            literal(1).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), found.c.noted_at).label("since"),
        )
        .join_from(found, Membership, _finance_or(found.c.debtor_id, referents))
        .where(found.c.due_on > _lately(zone, now))
        .group_by(found.c.id, found.c.noted_at, col(Membership.person_id))
    )


class Titre(NamedTuple):
    """One that is to be paid."""

    number: str
    due_on: date
    unpaid: Cents
    debtor: str
    debtor_code: str
    creditor: str
    purchase: Purchase

    @property
    def path(self) -> str:
        return f"{_path(self.purchase)}/{self.debtor_code}"


async def _titres(session: AsyncSession, ids: Collection[int]) -> Mapping[int, Titre]:
    """Those that nothing is to be paid of any more too: pages name them."""
    entry, open_, debtor, creditor = RecoveryEntry, open_titres(), aliased(Member), aliased(Member)
    rows = await session.execute(
        select(
            *(col(entry.id), col(entry.number), col(entry.due_on), func.coalesce(open_.c.unpaid, 0)),
            *(col(debtor.name), col(debtor.code), col(creditor.name), Purchase),
        )
        .join(Purchase, linked(Purchase.id, entry.purchase_id))
        .join(debtor, linked(debtor.id, entry.debtor_id))
        .join(creditor, linked(creditor.id, entry.creditor_id))
        .outerjoin(open_, open_.c.id == entry.id)
        .where(any_of(col(entry.id), ids))
    )
    return {key: Titre(number, due_on, int(unpaid), *more) for key, number, due_on, unpaid, *more in rows}


async def _name_titres(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    return {
        key: Subject(f"{one.purchase.reference} · {one.debtor} : titre {one.number}", one.path)
        for key, one in (await _titres(session, ids)).items()
    }


async def _render_due(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    titres = await _titres(session, {one.subject_id for one in reminders})
    return [_due_mail(one, titres[one.subject_id], context) for one in reminders]


def _due_mail(reminder: DueReminder, titre: Titre, context: Context) -> Mail:
    late = titre.due_on < context.now.astimezone(context.zone).date()
    day, left = date_long(titre.due_on), euros(titre.unpaid)
    when = f"était à payer le {day} au plus tard" if late else f"est à payer le {day} au plus tard"
    return Mail(
        kind=DUE,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=(
            f"Titre {titre.number} échu le {day} : {titre.purchase.title}"
            if late
            else f"Titre {titre.number} à payer le {day} au plus tard : {titre.purchase.title}"
        ),
        why=(
            f"Le titre de recettes {titre.number} que {titre.creditor} a émis pour {titre.debtor} {when}. "
            f"{left} TTC restent à payer, d’après ce qui est noté. S’il est déjà payé, dites-le à {titre.creditor}, "
            "qui note les paiements."
        ),
        button=Button("Voir ce qui reste à payer", context.url(titre.path)),
        facts=(
            Fact("Achat", f"{titre.purchase.title} ({titre.purchase.reference})"),
            Fact("Titre", f"{titre.number}, échéance le {day}"),
            Fact("Reste à payer", f"{left} TTC à {titre.creditor}"),
        ),
        notice=context.notice,
        thread=f"purchase-{titre.purchase.id}",
    )

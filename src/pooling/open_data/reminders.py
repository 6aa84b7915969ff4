"""The reminder of essential data: to lead buyers, before the last day for publishing a contract's."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership, Role
from pooling.open_data.decp import MONTHS_TO_PUBLISH, due_on
from pooling.open_data.models import ContractData
from pooling.outbox.mail import Button, Fact, Mail
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.purchases.models import Purchase, PurchaseState
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.suppliers.models import Supplier
from pooling.web.typography import date_long, of_name

PUBLICATION = "publication"
DEFAULT = Schedule(offsets=(-21, -3))
_LONGEST = timedelta(days=31 * MONTHS_TO_PUBLISH + 1)


def publication_kinds(reminders: ReminderConfiguration, procurement: ProcurementConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedule that the territory set; the law says of which contracts."""
    return [
        Kind(
            PUBLICATION,
            "Données essentielles à publier",
            reminders.schedule(PUBLICATION, DEFAULT),
            partial(_plan, procurement),
            partial(_buyers, procurement),
            _render,
            _name_contracts,
            date="la fin des deux mois",
            receivers="Les acheteurs pilotes.",
        )
    ]


def _waiting(procurement: ProcurementConfiguration, today: date) -> ColumnElement[bool]:
    return and_(
        col(ContractData.published_on).is_(None),
        col(ContractData.worth_cents) >= procurement.data_from_on(today),
        col(Purchase.state) != PurchaseState.CANCELLED,
        col(ContractData.notified_on) >= today - _LONGEST,
    )


async def _plan(
    procurement: ProcurementConfiguration, session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime
) -> list[Occasion]:
    today = now.astimezone(zone).date()
    rows = await session.execute(
        select(col(ContractData.id), col(ContractData.notified_on))
        .join(Purchase, linked(Purchase.id, ContractData.purchase_id))
        .where(_waiting(procurement, today))
    )
    return [
        Occasion(contract_id, 1, offset, due_at, useful_until=useful_until)
        for contract_id, notified_on in rows
        for last in [due_on(notified_on)]
        if last >= today
        for useful_until in [datetime.combine(last, time(), tzinfo=zone) + timedelta(days=1)]
        for offset, due_at in still_due(last, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _buyers(procurement: ProcurementConfiguration, zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Of what is still to be published, once each."""
    of_purchase = and_(
        linked(Membership.purchase_id, ContractData.purchase_id), col(Membership.role) == Role.LEAD_BUYER
    )
    statement: Select[Any] = (
        select(
            col(ContractData.id).label("subject_id"),
            literal(1).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(ContractData.described_at)).label("since"),
        )
        .select_from(ContractData)
        .join(Purchase, linked(Purchase.id, ContractData.purchase_id))
        .join(Membership, and_(of_purchase, col(Membership.ended_at).is_(None)))
        .where(_waiting(procurement, now.astimezone(zone).date()))
        .group_by(col(ContractData.id), col(ContractData.described_at), col(Membership.person_id))
    )
    return statement


def _told(ids: Sequence[int]) -> Select[ContractData, Purchase, str]:
    return (
        select(ContractData, Purchase, col(Supplier.name))
        .join(Purchase, linked(Purchase.id, ContractData.purchase_id))
        .join(Supplier, linked(Supplier.id, ContractData.supplier_id))
        .where(any_of(col(ContractData.id), ids))
    )


def _path(purchase: Purchase) -> str:
    return f"achats/{purchase.reference}/procedure/donnees"


async def _name_contracts(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(_told(ids))
    return {
        contract.id: Subject(f"{purchase.reference} · {purchase.title} : {supplier}", _path(purchase))
        for contract, purchase, supplier in rows
    }


async def _render(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    rows = await session.execute(_told([one.subject_id for one in reminders]))
    known = {contract.id: (contract, purchase, supplier) for contract, purchase, supplier in rows}
    return [_mail(one, *known[one.subject_id], context) for one in reminders]


def _mail(reminder: DueReminder, contract: ContractData, purchase: Purchase, supplier: str, context: Context) -> Mail:
    day = date_long(due_on(contract.notified_on))
    return Mail(
        kind=PUBLICATION,
        recipient=reminder.email,
        person_id=reminder.person_id,
        subject=f"Données essentielles à publier avant {day} : {purchase.title}",
        why=f"Vous achetez pour le groupe. Les données du contrat {of_name(supplier)} sont à publier sur data.gouv.fr, "
        f"{day} au plus tard.",
        button=Button("Voir les données", context.url(_path(purchase))),
        facts=(
            Fact("Achat", f"{purchase.title} ({purchase.reference})"),
            Fact("Contrat notifié", date_long(contract.notified_on)),
        ),
        notice=context.notice,
        thread=f"purchase-{purchase.id}",
    )

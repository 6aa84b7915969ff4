"""The reminders of deliveries: that a promised day has passed, to those to whom it was promised; that nobody has said
whether goods came, to those who receive them. Both end by themselves with what is noted.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Integer, Select, and_, cast, exists, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership, Role
from pooling.orders.models import Order, OrderLine
from pooling.orders.rules import LEFT
from pooling.outbox.mail import Button, Fact, Mail
from pooling.purchases.models import Purchase
from pooling.receipts.models import Receipt, ReceiptLine
from pooling.receipts.noting import RECEIVING
from pooling.receipts.page import SECTION
from pooling.receipts.queries import is_complete
from pooling.receipts.told import NAMED_AT_MOST, Awaited, OrderTold, awaited_by, orders_told
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion, Subject
from pooling.reminders.rules import still_due
from pooling.web.typography import date_long, plural

LATE, UNCONFIRMED = "delivery_late", "delivery_unconfirmed"
LATE_DEFAULT = Schedule(offsets=(1, 8))
UNCONFIRMED_DEFAULT = Schedule(offsets=(4, 11))
USEFUL = timedelta(days=60)
"""After so long whoever still waits does not need to be reminded by us."""
_LONG_AGO = date(2000, 1, 1)


def delivery_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """This feature's reminders, on the schedules that the territory set."""
    return [
        Kind(
            LATE,
            "Livraison en retard",
            configuration.schedule(LATE, LATE_DEFAULT),
            _plan,
            _who_waits,
            _render_late,
            _name_orders,
            date="le jour promis par le fournisseur",
            receivers="Les acheteurs pilotes, et les référents des membres qui attendent encore quelque chose.",
        ),
        Kind(
            UNCONFIRMED,
            "Livraison à confirmer",
            configuration.schedule(UNCONFIRMED, UNCONFIRMED_DEFAULT),
            _plan,
            _who_has_said_nothing,
            _render_unconfirmed,
            _name_orders,
            date="le jour promis par le fournisseur",
            receivers="Les référents qui n’ont pas dit si ce qui leur est destiné est arrivé.",
        ),
    ]


def _day() -> ColumnElement[date]:
    """What the supplier promised; where it said nothing, what the group expected."""
    day: ColumnElement[date] = func.coalesce(col(Order.promised_on), col(Purchase.delivery_expected_on))
    return day


def _revision() -> ColumnElement[int]:
    """Another promise is another occasion."""
    return cast(_day() - literal(_LONG_AGO, Date), Integer)


def _awaited(zone: ZoneInfo, now: datetime) -> tuple[ColumnElement[bool], ...]:
    today = now.astimezone(zone).date()
    return (
        col(Order.state).in_(LEFT),
        col(Purchase.state).in_(RECEIVING),
        _day() < today,
        _day() > today - USEFUL,
        ~is_complete(),
    )


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(
        select(col(Order.id), _revision(), _day())
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .where(*_awaited(zone, now))
    )
    return [
        Occasion(order_id, revision, offset, due_at, useful_until=useful_until)
        for order_id, revision, day in rows
        for useful_until in [datetime.combine(day, time(), tzinfo=zone) + USEFUL]
        for offset, due_at in still_due(day, schedule.offsets, schedule.hour, zone, useful_until=useful_until)
    ]


def _who_waits(zone: ZoneInfo, now: datetime) -> Select[Any]:
    buyers = (
        select(
            col(Order.id).label("subject_id"),
            _revision().label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(col(Membership.started_at), col(Order.sent_at)).label("since"),
        )
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .join(
            Membership,
            and_(
                linked(Membership.purchase_id, Purchase.id),
                col(Membership.role) == Role.LEAD_BUYER,
                col(Membership.ended_at).is_(None),
            ),
        )
        .where(*_awaited(zone, now))
    )
    both = union_all(buyers, _receivers(zone, now)).subquery()
    return select(both.c.subject_id, both.c.revision, both.c.person_id, func.min(both.c.since).label("since")).group_by(
        both.c.subject_id, both.c.revision, both.c.person_id
    )


def _who_has_said_nothing(zone: ZoneInfo, now: datetime) -> Select[Any]:
    standing = (
        exists()
        .where(linked(ReceiptLine.order_line_id, OrderLine.id), linked(Receipt.id, ReceiptLine.receipt_id))
        .where(col(Receipt.withdrawn_at).is_(None))
    )
    return _receivers(zone, now).where(~standing)


def _receivers(zone: ZoneInfo, now: datetime) -> Select[Any]:
    """Référents of members of which something is due."""
    came = (
        select(func.coalesce(func.sum(col(ReceiptLine.accepted)), 0))
        .join(Receipt, linked(Receipt.id, ReceiptLine.receipt_id))
        .where(linked(ReceiptLine.order_line_id, OrderLine.id), col(Receipt.withdrawn_at).is_(None))
        .correlate(OrderLine)
        .scalar_subquery()
    )
    statement: Select[Any] = (
        select(
            col(Order.id).label("subject_id"),
            _revision().label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at)), col(Order.sent_at)).label("since"),
        )
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .join(OrderLine, linked(OrderLine.order_id, Order.id))
        .join(
            Membership,
            and_(
                linked(Membership.member_id, OrderLine.member_id),
                col(Membership.role) == Role.REFERENT,
                col(Membership.ended_at).is_(None),
            ),
        )
        .where(*_awaited(zone, now), col(OrderLine.quantity) > came)
        .group_by(
            col(Order.id),
            col(Order.sent_at),
            col(Order.promised_on),
            col(Purchase.delivery_expected_on),
            col(Membership.person_id),
        )
    )
    return statement


async def _name_orders(session: AsyncSession, ids: Sequence[int]) -> dict[int, Subject]:
    rows = await session.execute(
        select(col(Order.id), col(Order.number), col(Order.reference), col(Purchase.reference), col(Purchase.title))
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .where(any_of(col(Order.id), ids))
    )
    return {
        key: Subject(f"{reference} · {title} : commande {order}", f"achats/{reference}{SECTION}/{number}")
        for key, number, order, reference, title in rows
    }


async def _render_late(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    orders, awaited = await _read(session, reminders)
    return [
        _mail(
            LATE,
            f"Livraison en retard : {orders[one.subject_id].title}",
            (
                "{supplier} avait promis de livrer {day}"
                if orders[one.subject_id].promised
                else "La livraison de {supplier} était attendue {day}"
            )
            + ", et tout n’est pas noté reçu. Notez ce qui est arrivé ; sinon, relancez le fournisseur ou demandez où "
            "en est la livraison.",
            orders[one.subject_id],
            awaited.get((one.subject_id, one.person_id), []),
            one,
            context,
        )
        for one in reminders
    ]


async def _render_unconfirmed(session: AsyncSession, reminders: Sequence[DueReminder], context: Context) -> list[Mail]:
    orders, awaited = await _read(session, reminders)
    return [
        _mail(
            UNCONFIRMED,
            f"Est-ce arrivé ? {orders[one.subject_id].title}",
            f"La livraison de {{supplier}} était {'promise pour' if orders[one.subject_id].promised else 'attendue'} "
            "{day} : dites si ce qui vous est destiné est arrivé, même en partie.",
            orders[one.subject_id],
            awaited.get((one.subject_id, one.person_id), []),
            one,
            context,
        )
        for one in reminders
    ]


async def _read(
    session: AsyncSession, reminders: Sequence[DueReminder]
) -> tuple[dict[int, OrderTold], dict[tuple[int, int], list[Awaited]]]:
    orders = {one.subject_id for one in reminders}
    return await orders_told(session, orders), await awaited_by(session, orders, {one.person_id for one in reminders})


def _mail(
    kind: str, subject: str, why: str, order: OrderTold, mine: list[Awaited], to: DueReminder, context: Context
) -> Mail:
    """What is due to the reader's members; to a lead buyer, of the whole order."""
    members = {one.code for one in mine}
    path = f"achats/{order.purchase}{SECTION}/{order.number}"
    if len(members) == 1:
        path += f"/membres/{next(iter(members))}"
    due = [one.said for one in mine] or list(order.due)
    others = len(due) - NAMED_AT_MOST
    told = due[:NAMED_AT_MOST] + ([f"et {plural(others, 'autre ligne', 'autres lignes')}"] if others > 0 else [])
    return Mail(
        kind=kind,
        recipient=to.email,
        person_id=to.person_id,
        subject=subject,
        why=why.format(supplier=order.supplier, day=date_long(order.day)),
        button=Button("Noter ce qui est arrivé", context.url(path)),
        facts=(
            Fact("Achat", f"{order.title} ({order.purchase})"),
            Fact("Commande", order.reference),
            Fact("À recevoir", "\n".join(told)),
        ),
        notice=context.notice,
        thread=f"purchase-{order.purchase_id}",
    )

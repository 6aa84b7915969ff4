"""Reads about what arrived: of orders, of their lines, receipt by receipt. What is withdrawn counts nowhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.slices import Order as Standing
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.orders.models import Order, OrderItem, OrderLine, OrderState
from pooling.orders.rules import LEFT
from pooling.purchases.models import Purchase
from pooling.receipts.models import Receipt, ReceiptLine
from pooling.receipts.rules import Arrived, DeliveryState, ItemArrived, spare, state_of
from pooling.sites.models import Site
from pooling.suppliers.models import Supplier

_ARRIVED = """
    arrived AS (
        SELECT x.order_line_id, sum(x.accepted)::bigint AS accepted, sum(x.refused)::bigint AS refused
        FROM receipts r JOIN receipt_lines x ON x.group_id = r.group_id AND x.receipt_id = r.id
        WHERE r.group_id = $1 AND r.order_id = ANY ($2::bigint[]) AND r.withdrawn_at IS NULL
        GROUP BY x.order_line_id)"""
_ITEMS = f"""
WITH {_ARRIVED},
line AS (
    SELECT l.order_id, l.item_id, l.quantity, coalesce(a.accepted, 0) AS accepted, coalesce(a.refused, 0) AS refused
    FROM order_lines l LEFT JOIN arrived a ON a.order_line_id = l.id
    WHERE l.group_id = $1 AND l.order_id = ANY ($2::bigint[]) AND ($3::bigint[] IS NULL OR l.member_id = ANY ($3)))
SELECT i.order_id, i.item_id, i.code, i.name, i.unit, sum(l.quantity)::bigint AS ordered,
    sum(l.accepted)::bigint AS accepted, sum(l.refused)::bigint AS refused,
    sum(greatest(l.quantity - l.accepted, 0))::bigint AS due, sum(greatest(l.accepted - l.quantity, 0))::bigint AS over
FROM line l JOIN order_items i ON i.group_id = $1 AND i.order_id = l.order_id AND i.item_id = l.item_id
GROUP BY i.group_id, i.order_id, i.item_id ORDER BY i.order_id, i.position, i.item_id"""  # noqa: S608 - ours
_LINES = f"""
WITH {_ARRIVED}
SELECT l.id, l.item_id, i.code, i.name AS item, i.unit, l.member_id, m.code AS member_code, m.name AS member,
    s.id AS site_id, coalesce(s.name, '') AS site,
    concat_ws(', ', nullif(s.street, ''), nullif(trim(s.postcode || ' ' || s.city), '')) AS address,
    l.quantity, coalesce(a.accepted, 0) AS accepted, coalesce(a.refused, 0) AS refused
FROM order_lines l
JOIN order_items i ON i.group_id = l.group_id AND i.order_id = l.order_id AND i.item_id = l.item_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN sites s ON s.group_id = l.group_id AND s.id = l.site_id
LEFT JOIN arrived a ON a.order_line_id = l.id
WHERE l.group_id = $1 AND l.order_id = ANY ($2::bigint[])
    AND ($3::bigint[] IS NULL OR l.member_id = ANY ($3)) AND ($4::bigint[] IS NULL OR l.id = ANY ($4))
ORDER BY m.sort_key, m.id, s.is_main DESC NULLS LAST, s.sort_key, s.id, i.position, i.item_id"""  # noqa: S608 - ours


@dataclass(frozen=True)
class ItemOf:
    """An item of an order, and what has arrived of it."""

    item_id: int
    code: str
    name: str
    unit: str
    arrived: ItemArrived


@dataclass(frozen=True)
class LineShown:
    """A line of an order: what has arrived of an item at one place."""

    id: int
    item_id: int
    code: str
    item: str
    unit: str
    member_id: int
    member_code: str
    member: str
    site_id: int | None
    site: str
    """Empty where the member has not said where."""
    address: str
    arrived: Arrived


@dataclass(frozen=True)
class OrderShown:
    """An order that has left, as pages of receipts name it."""

    id: int
    number: int
    reference: str
    supplier: str
    buyer_id: int | None
    """The member that buys; None: the lead, for everybody."""
    buyer: str
    promised_on: date | None
    over_percent: Decimal
    under_percent: Decimal
    completed_at: datetime | None
    completed_because: str

    def is_late(self, today: date, state: DeliveryState) -> bool:
        return self.promised_on is not None and self.promised_on < today and not state.is_complete


@dataclass(frozen=True)
class Delivered:
    """What has come of an order, item by item."""

    items: Sequence[ItemOf]
    state: DeliveryState


_SHOWN = (
    col(Order.id),
    col(Order.number),
    col(Order.reference),
    col(Supplier.name),
    col(Order.member_id),
    func.coalesce(col(Member.name), ""),
    col(Order.promised_on),
    col(Order.over_percent),
    col(Order.under_percent),
    col(Order.completed_at),
    col(Order.completed_because),
)
ORDERS_BY_NUMBER = Standing(col(Order.number), col(Order.id))


def _orders(purchase_id: int) -> Any:  # noqa: ANN401 - a statement of _SHOWN
    return (
        select(*_SHOWN)
        .join(Supplier, linked(Supplier.id, Order.supplier_id))
        .outerjoin(Member, linked(Member.id, Order.member_id))
        .where(col(Order.purchase_id) == purchase_id, col(Order.state).in_(LEFT))
    )


def concerns(members: Collection[int]) -> ColumnElement[bool]:
    """Of orders: that these members, or some of them, get something of it."""
    return exists().where(linked(OrderLine.order_id, Order.id), any_of(col(OrderLine.member_id), members))


async def concerns_some(session: AsyncSession, order_id: int, members: Collection[int]) -> bool:
    """Whether one of these members gets something of an order."""
    found = await session.execute(select(exists().where(col(Order.id) == order_id, concerns(members))))
    return bool(found.scalar_one())


async def orders_listed(
    session: AsyncSession,
    purchase_id: int,
    wanted: Slice,
    *,
    members: Collection[int] | None = None,
    number: int | None = None,
) -> Listed[OrderShown]:
    """Those that have left, by number; of these members alone where some are named."""
    statement = _orders(purchase_id)
    if number is not None:
        statement = statement.where(col(Order.number) == number)
    if members is not None:
        statement = statement.where(concerns(members))
    listed = await ORDERS_BY_NUMBER.read(session, statement, wanted)
    return listed.each(lambda row: OrderShown(*row))


async def order_named(session: AsyncSession, purchase_id: int, number: int) -> OrderShown | None:
    row = (await session.execute(_orders(purchase_id).where(col(Order.number) == number))).one_or_none()
    return OrderShown(*row) if row else None


async def delivered_of(session: AsyncSession, orders: Collection[int]) -> dict[int, Delivered]:
    """What has come of each of these orders, in two statements."""
    rows = await session.execute(
        select(col(Order.id), col(Order.over_percent), col(Order.under_percent), col(Order.completed_at)).where(
            any_of(col(Order.id), orders)
        )
    )
    items: dict[int, list[ItemOf]] = {}
    bounds = {order_id: (over, under, completed is not None) for order_id, over, under, completed in rows}
    for row in await fetch(session, _ITEMS, group_of(session), list(orders), None):
        over, under, _ = bounds[row["order_id"]]
        items.setdefault(row["order_id"], []).append(_item(row, over, under))
    return {
        order_id: Delivered(found := items.get(order_id, []), state_of([one.arrived for one in found], declared=done))
        for order_id, (*_, done) in bounds.items()
    }


def _item(row: Any, over_percent: Decimal, under_percent: Decimal) -> ItemOf:  # noqa: ANN401 - a row of _ITEMS
    arrived = ItemArrived(
        row["ordered"],
        row["accepted"],
        row["refused"],
        row["due"],
        row["over"],
        spare(row["ordered"], over_percent),
        spare(row["ordered"], under_percent),
    )
    return ItemOf(row["item_id"], row["code"], row["name"], row["unit"], arrived)


async def lines_of(
    session: AsyncSession,
    order_id: int,
    *,
    members: Collection[int] | None = None,
    lines: Collection[int] | None = None,
) -> list[LineShown]:
    """The lines of an order, of these members or these alone, by member, place and item."""
    rows = await fetch(
        session,
        _LINES,
        group_of(session),
        [order_id],
        None if members is None else list(members),
        None if lines is None else list(lines),
    )
    return [_line(row) for row in rows]


def _line(row: Any) -> LineShown:  # noqa: ANN401 - a row of _LINES
    known = dict(row)
    arrived = Arrived(known.pop("quantity"), known.pop("accepted"), known.pop("refused"))
    return LineShown(arrived=arrived, **known)


_NAMED = """
SELECT i.code AS item, m.code AS member, l.site_id, l.id
FROM unnest($3::text[], $4::text[], $5::bigint[]) AS asked (item, member, site_id)
JOIN order_items i ON i.group_id = $1 AND i.order_id = $2 AND i.code = asked.item
JOIN members m ON m.group_id = $1 AND m.code = asked.member
JOIN order_lines l ON l.group_id = $1 AND l.order_id = $2 AND l.item_id = i.item_id AND l.member_id = m.id
    AND l.site_id IS NOT DISTINCT FROM asked.site_id"""
Named = tuple[str, str, int | None]
"""The code of an item, that of a member, the id of its site."""


async def places_named(session: AsyncSession, order_id: int, named: Collection[Named]) -> dict[Named, int]:
    """The ids of an order's lines that are named so; those that there are not are left out."""
    items, members, sites = [one[0] for one in named], [one[1] for one in named], [one[2] for one in named]
    rows = await fetch(session, _NAMED, group_of(session), order_id, items, members, sites)
    return {(row["item"], row["member"], row["site_id"]): row["id"] for row in rows}


LINES_BY_ID = Standing(col(OrderLine.id))


async def lines_listed(
    session: AsyncSession, order_id: int, wanted: Slice, *, members: Collection[int] | None = None
) -> Listed[LineShown]:
    """The lines of an order, a slice at a time, as they were made."""
    statement = select(col(OrderLine.id)).where(col(OrderLine.order_id) == order_id)
    if members is not None:
        statement = statement.where(any_of(col(OrderLine.member_id), members))
    listed = await LINES_BY_ID.read(session, statement, wanted)
    ids = [row[0] for row in listed.items]
    found = {line.id: line for line in await lines_of(session, order_id, lines=ids)}
    return listed.each(lambda row: found[row[0]])


MEMBERS_OF_ORDER = Standing(col(Member.sort_key), col(Member.id), size=25)


async def members_listed(session: AsyncSession, order_id: int, wanted: Slice) -> Listed[int]:
    """Those to whom an order brings something, in French order."""
    brings = exists().where(linked(OrderLine.member_id, Member.id), col(OrderLine.order_id) == order_id)
    listed = await MEMBERS_OF_ORDER.read(session, select(col(Member.id)).where(brings), wanted)
    return listed.each(lambda row: int(row[0]))


# Whether an order is complete, without reading more than is needed to know that it is not.

CAME = """coalesce((
            SELECT sum(x.accepted) FROM receipt_lines x
            JOIN receipts r ON r.group_id = x.group_id AND r.id = x.receipt_id AND r.withdrawn_at IS NULL
            WHERE x.group_id = l.group_id AND x.order_line_id = l.id), 0)"""
COMPLETE = f"""
    CASE WHEN orders.completed_at IS NOT NULL THEN true
    -- without a tolerance the first line of which something is due says it
    WHEN orders.under_percent = 0 THEN NOT EXISTS (
        SELECT FROM order_lines l
        WHERE l.group_id = orders.group_id AND l.order_id = orders.id AND l.quantity > {CAME})
    ELSE NOT EXISTS (
        SELECT FROM order_items i WHERE i.group_id = orders.group_id AND i.order_id = orders.id AND (
            SELECT sum(greatest(l.quantity - {CAME}, 0)) > floor(sum(l.quantity) * orders.under_percent / 100)
            FROM order_lines l
            WHERE l.group_id = i.group_id AND l.order_id = i.order_id AND l.item_id = i.item_id)) END"""  # noqa: S608
"""The rule's `state_of` in SQL, of the order that a statement reads."""


def is_complete() -> ColumnElement[bool]:
    """Of orders: that their delivery is complete, or declared so."""
    return literal_column(f"({COMPLETE})")


def all_received() -> ColumnElement[bool]:
    """Of purchases: that no order of theirs is still to leave, or still awaited; also where there is none at all."""
    awaited = exists().where(
        linked(Order.purchase_id, Purchase.id),
        col(Order.state) != OrderState.CANCELLED,
        (col(Order.state) == OrderState.DRAFT) | ~is_complete(),
    )
    return ~awaited


# Receipts.


@dataclass(frozen=True)
class ReceiptShown:
    id: int
    order_id: int
    order_number: int
    order_reference: str
    supplier: str
    received_on: date
    delivery_note: str
    note: str
    noted_at: datetime
    noted_by: str
    """Empty: nobody whose name is known."""
    replaces_id: int | None
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_because: str


_Withdrawer = aliased(Person)
RECEIPTS_LATEST = Standing(col(Receipt.id), latest_first=True, size=25)


def _receipts(purchase_id: int) -> Any:  # noqa: ANN401 - a statement
    return (
        select(
            col(Receipt.id),
            col(Receipt.order_id),
            col(Order.number),
            col(Order.reference),
            col(Supplier.name),
            col(Receipt.received_on),
            col(Receipt.delivery_note),
            col(Receipt.note),
            col(Receipt.noted_at),
            func.coalesce(col(Person.name), ""),
            col(Receipt.replaces_id),
            col(Receipt.withdrawn_at),
            func.coalesce(col(_Withdrawer.name), ""),
            col(Receipt.withdrawn_because),
        )
        .join(Order, linked(Order.id, Receipt.order_id))
        .join(Supplier, linked(Supplier.id, Order.supplier_id))
        .outerjoin(Person, col(Person.id) == col(Receipt.noted_by))
        .outerjoin(_Withdrawer, col(_Withdrawer.id) == col(Receipt.withdrawn_by))
        .where(col(Order.purchase_id) == purchase_id)
    )


def _of_members(members: Collection[int]) -> ColumnElement[bool]:
    return exists().where(
        linked(ReceiptLine.receipt_id, Receipt.id),
        linked(OrderLine.id, ReceiptLine.order_line_id),
        any_of(col(OrderLine.member_id), members),
    )


async def receipts_listed(
    session: AsyncSession,
    purchase_id: int,
    wanted: Slice,
    *,
    members: Collection[int] | None = None,
    order_id: int | None = None,
) -> Listed[ReceiptShown]:
    """The latest first, those withdrawn too."""
    statement = _receipts(purchase_id)
    if members is not None:
        statement = statement.where(_of_members(members))
    if order_id is not None:
        statement = statement.where(col(Receipt.order_id) == order_id)
    listed = await RECEIPTS_LATEST.read(session, statement, wanted)
    return listed.each(lambda row: ReceiptShown(*row))


async def receipt_named(session: AsyncSession, purchase_id: int, receipt_id: int) -> ReceiptShown | None:
    row = (await session.execute(_receipts(purchase_id).where(col(Receipt.id) == receipt_id))).one_or_none()
    return ReceiptShown(*row) if row else None


async def receipts_by_id(session: AsyncSession, purchase_id: int, ids: Collection[int]) -> dict[int, ReceiptShown]:
    rows = await session.execute(_receipts(purchase_id).where(any_of(col(Receipt.id), ids)))
    return {row[0]: ReceiptShown(*row) for row in rows}


async def latest_of_order(session: AsyncSession, order_id: int) -> int:
    """The id of the receipt that was noted last; 0: none was."""
    found = await session.execute(select(func.max(col(Receipt.id))).where(col(Receipt.order_id) == order_id))
    return found.scalar_one() or 0


@dataclass(frozen=True)
class Noted:
    """What one receipt says of a line of the order."""

    line_id: int
    member_id: int
    member_code: str
    member: str
    site_id: int | None
    site: str
    code: str
    item: str
    unit: str
    accepted: int
    refused: int
    reason: str


_NOTED = (
    col(ReceiptLine.order_line_id),
    col(OrderLine.member_id),
    col(Member.code),
    col(Member.name),
    col(OrderLine.site_id),
    func.coalesce(col(Site.name), ""),
    col(OrderItem.code),
    col(OrderItem.name),
    col(OrderItem.unit),
    col(ReceiptLine.accepted),
    col(ReceiptLine.refused),
    col(ReceiptLine.reason),
)
NOTED_BY_LINE = Standing(col(ReceiptLine.order_line_id), size=100)


async def noted_listed(
    session: AsyncSession, receipt_id: int, wanted: Slice, *, members: Collection[int] | None = None
) -> Listed[Noted]:
    """The lines of a receipt, of these members alone where some are named."""
    statement = (
        select(*_NOTED)
        .select_from(ReceiptLine)
        .join(OrderLine, linked(OrderLine.id, ReceiptLine.order_line_id))
        .join(Member, linked(Member.id, OrderLine.member_id))
        .join(
            OrderItem,
            and_(linked(OrderItem.order_id, OrderLine.order_id), col(OrderItem.item_id) == col(OrderLine.item_id)),
        )
        .outerjoin(Site, linked(Site.id, OrderLine.site_id))
        .where(col(ReceiptLine.receipt_id) == receipt_id)
    )
    if members is not None:
        statement = statement.where(any_of(col(OrderLine.member_id), members))
    listed = await NOTED_BY_LINE.read(session, statement, wanted)
    return listed.each(lambda row: Noted(*row))


_SUMS = """
SELECT x.receipt_id, sum(x.accepted)::bigint AS accepted, sum(x.refused)::bigint AS refused,
    count(DISTINCT l.member_id) AS members, min(m.name) AS member
FROM receipt_lines x
JOIN order_lines l ON l.group_id = x.group_id AND l.id = x.order_line_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
WHERE x.group_id = $1 AND x.receipt_id = ANY ($2::bigint[]) AND ($3::bigint[] IS NULL OR l.member_id = ANY ($3))
GROUP BY x.receipt_id"""


@dataclass(frozen=True)
class Sums:
    """What a receipt says in all."""

    accepted: int = 0
    refused: int = 0
    members: int = 0
    member: str = ""
    """Where it is one."""


async def sums_of(
    session: AsyncSession, receipts: Collection[int], members: Collection[int] | None = None
) -> Mapping[int, Sums]:
    rows = await fetch(session, _SUMS, group_of(session), list(receipts), None if members is None else list(members))
    return {
        row["receipt_id"]: Sums(
            row["accepted"], row["refused"], row["members"], row["member"] if row["members"] == 1 else ""
        )
        for row in rows
    }


async def members_of_receipt(session: AsyncSession, receipt_id: int) -> list[int]:
    rows = await session.execute(
        select(col(OrderLine.member_id))
        .join(ReceiptLine, linked(ReceiptLine.order_line_id, OrderLine.id))
        .where(col(ReceiptLine.receipt_id) == receipt_id)
        .distinct()
    )
    return list(rows.scalars())

"""Reads about orders: those of a purchase, a slice at a time; one, with its items, lines and versions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel import slices
from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.orders.models import Order, OrderCharge, OrderItem, OrderLine, OrderState, OrderVersion
from pooling.orders.rules import LEFT, Totals, totals_of
from pooling.purchases.models import Item, Purchase
from pooling.quotes.models import Award
from pooling.sharing.money import Cents
from pooling.sites.models import Site
from pooling.sites.queries import SiteShown
from pooling.suppliers.models import Supplier

NAMED_AT_MOST = 12
_BY_NUMBER = slices.Order(col(Order.number))


class OrderShown(NamedTuple):
    """An order with what every page of it says."""

    order: Order
    supplier: Supplier
    buyer: str
    """The member that buys: the lead, where it buys for all."""


def unordered() -> ColumnElement[bool]:
    """Of a purchase: nothing of it is ordered here, so that its order may be recorded by hand."""
    return ~exists().where(linked(Order.purchase_id, Purchase.id), col(Order.state) != OrderState.CANCELLED)


async def awards_held(session: AsyncSession, purchase_id: int) -> str:
    """Why items of a purchase may not go to other suppliers: an order has left with their prices."""
    left = exists().where(col(Order.purchase_id) == purchase_id, col(Order.state).in_(LEFT))
    said = "Des commandes sont déjà parties\u00a0: annulez-les avant d’attribuer autrement."
    return said if await session.scalar(select(left)) else ""


async def items_left(session: AsyncSession, purchase_id: int, member_id: int) -> list[int]:
    """Items of which an order has left for this member."""
    rows = await session.execute(
        select(col(OrderLine.item_id))
        .join(Order, linked(Order.id, OrderLine.order_id))
        .where(col(Order.purchase_id) == purchase_id, col(Order.state).in_(LEFT), col(OrderLine.member_id) == member_id)
        .distinct()
    )
    return list(rows.scalars())


def _shown() -> slices.AnySelect:
    buyer, lead = aliased(Member), aliased(Member)
    statement: slices.AnySelect = (
        select(Order, Supplier, func.coalesce(buyer.name, lead.name))
        .join(Supplier, linked(Supplier.id, Order.supplier_id))
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .join(lead, linked(lead.id, Purchase.lead_member_id))
        .outerjoin(buyer, linked(buyer.id, Order.member_id))
    )
    return statement


def _concerns(members: Collection[int]) -> ColumnElement[bool]:
    """Of an order: one of these members buys or gets something of it."""
    gets = exists().where(linked(OrderLine.order_id, Order.id), any_of(col(OrderLine.member_id), members))
    return or_(any_of(col(Order.member_id), members), gets)


async def orders_listed(
    session: AsyncSession,
    purchase_id: int,
    wanted: Slice,
    *,
    among: Collection[int] | None = None,
    state: str = "",
) -> Listed[OrderShown]:
    """In the order of their numbers; those that concern some members, or (None) all."""
    statement = _shown().where(col(Order.purchase_id) == purchase_id)
    if among is not None:
        statement = statement.where(_concerns(among))
    if state:
        statement = statement.where(col(Order.state) == state)
    return (await _BY_NUMBER.read(session, statement, wanted)).each(lambda row: OrderShown(*row))


async def find_order(session: AsyncSession, purchase_id: int, number: int) -> OrderShown | None:
    """The one of this number."""
    found = await session.execute(
        _shown()
        .where(col(Order.purchase_id) == purchase_id, col(Order.number) == number)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    return None if row is None else OrderShown(*row)


async def lock_order(session: AsyncSession, order_id: int) -> Order:
    """The order as it stands once its lock is won. Its purchase's row is locked before."""
    found = await session.execute(
        select(Order).where(col(Order.id) == order_id).with_for_update().execution_options(populate_existing=True)
    )
    order: Order = found.scalar_one()
    return order


async def concerned_members(session: AsyncSession, order: Order, among: Collection[int]) -> list[int]:
    """Those of these members that buy or get something of it."""
    rows = await session.execute(
        select(col(OrderLine.member_id))
        .where(col(OrderLine.order_id) == order.id, any_of(col(OrderLine.member_id), among))
        .distinct()
    )
    return sorted({*rows.scalars(), *([order.member_id] if order.member_id in among else [])})


_TALLY = """
SELECT state, count(*) AS many, count(*) FILTER (WHERE promised_on IS NULL) AS unpromised,
    count(*) FILTER (WHERE v.sent_at IS NULL) AS unsent, count(*) FILTER (WHERE asked_at IS NOT NULL) AS asked
FROM orders o JOIN order_versions v ON v.group_id = o.group_id AND v.order_id = o.id AND v.number = o.version
WHERE o.group_id = $1 AND o.purchase_id = $2 GROUP BY state"""


@dataclass(frozen=True)
class Tally:
    """How a purchase's orders stand together."""

    by_state: Mapping[str, int]
    unpromised: int
    """Of those that have left, how many have no promised date."""
    unsent: int
    """How many were amended since they left, and not sent again."""
    asked: int = 0
    """How many the worker is to send."""

    @property
    def drafts(self) -> int:
        return self.by_state.get(OrderState.DRAFT, 0)

    @property
    def left(self) -> int:
        return sum(self.by_state.get(state, 0) for state in LEFT)

    @property
    def all(self) -> int:
        return sum(self.by_state.values())


async def tally_of(session: AsyncSession, purchase_id: int) -> Tally:
    rows = await fetch(session, _TALLY, group_of(session), purchase_id)
    left = [row for row in rows if row["state"] in LEFT]
    return Tally(
        {row["state"]: row["many"] for row in rows},
        sum(row["unpromised"] for row in left),
        sum(row["unsent"] for row in left),
        sum(row["asked"] for row in rows),
    )


_SUMS = """
SELECT i.order_id, i.unit_price, i.vat_rate, COALESCE(sum(l.quantity), 0) AS units
FROM order_items i
LEFT JOIN order_lines l ON l.group_id = i.group_id AND l.order_id = i.order_id AND l.item_id = i.item_id
WHERE i.group_id = $1 AND i.order_id = ANY ($2::bigint[])
GROUP BY i.order_id, i.item_id, i.unit_price, i.vat_rate"""


async def totals_of_orders(session: AsyncSession, orders: Sequence[int]) -> dict[int, Totals]:
    """What each comes to, by its id, in two statements."""
    found: dict[int, list[tuple[Decimal, Decimal, int]]] = {order_id: [] for order_id in orders}
    for order_id, unit_price, vat_rate, units in await fetch(session, _SUMS, group_of(session), list(orders)):
        found[order_id].append((unit_price, vat_rate, units))
    charges: dict[int, list[tuple[Decimal, Cents]]] = defaultdict(list)
    for charge in await _charges_of(session, orders):
        charges[charge.order_id].append(_sums_of(charge))
    return {order_id: totals_of(items, charges[order_id]) for order_id, items in found.items()}


async def _charges_of(session: AsyncSession, orders: Collection[int]) -> Sequence[OrderCharge]:
    rows = await session.execute(
        select(OrderCharge)
        .where(any_of(col(OrderCharge.order_id), orders))
        .order_by(col(OrderCharge.order_id), col(OrderCharge.position), col(OrderCharge.code))
        .execution_options(populate_existing=True)
    )
    return rows.scalars().all()


def _sums_of(charge: OrderCharge) -> tuple[Decimal, Cents]:
    return charge.vat_rate, charge.amount_cents


async def charges_ordered(session: AsyncSession, order_id: int) -> Sequence[OrderCharge]:
    """What its supplier is to invoice beside items, in their order."""
    return await _charges_of(session, [order_id])


def whole_of(items: "Iterable[ItemOrdered]", charges: Iterable[OrderCharge]) -> Totals:
    """What an order of these comes to."""
    return totals_of((one.sums for one in items), (_sums_of(charge) for charge in charges))


_ALL = """
WITH item AS (
    SELECT o.id, i.vat_rate, round(i.unit_price * sum(l.quantity) * 100) AS ht
    FROM orders o
    JOIN order_items i ON i.group_id = o.group_id AND i.order_id = o.id
    JOIN order_lines l ON l.group_id = i.group_id AND l.order_id = i.order_id AND l.item_id = i.item_id
    WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state <> 'cancelled'
    GROUP BY o.id, i.item_id, i.vat_rate, i.unit_price
    UNION ALL
    SELECT o.id, x.vat_rate, x.amount_cents FROM orders o
    JOIN order_charges x ON x.group_id = o.group_id AND x.order_id = o.id
    WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state <> 'cancelled'),
rate AS (SELECT id, sum(ht) AS ht, round(sum(ht) * vat_rate / 100) AS vat FROM item GROUP BY id, vat_rate)
SELECT COALESCE(sum(ht), 0) AS ht, COALESCE(sum(vat), 0) AS vat FROM rate"""


async def total_of_purchase(session: AsyncSession, purchase_id: int) -> tuple[Cents, Cents]:
    """All orders that are not cancelled: before VAT, and VAT. PostgreSQL rounds halves away from zero, as we do."""
    (row,) = await fetch(session, _ALL, group_of(session), purchase_id)
    return int(row["ht"]), int(row["vat"])


class ItemOrdered(NamedTuple):
    """An item of an order, with its units now."""

    item: OrderItem
    units: int

    @property
    def sums(self) -> tuple[Decimal, Decimal, int]:
        return self.item.unit_price, self.item.vat_rate, self.units

    @property
    def total(self) -> Cents:
        return totals_of([self.sums]).ht


async def items_ordered(
    session: AsyncSession, order_id: int, among: Collection[int] | None = None
) -> Sequence[ItemOrdered]:
    """In their order; the units of some members, or (None) all."""
    mine = col(OrderLine.quantity)
    counted = func.coalesce(func.sum(mine), 0)
    if among is not None:
        counted = func.coalesce(func.sum(mine).filter(any_of(col(OrderLine.member_id), among)), 0)
    rows = await session.execute(
        select(OrderItem, counted)
        .outerjoin(
            OrderLine,
            linked(OrderLine.order_id, OrderItem.order_id) & (col(OrderLine.item_id) == col(OrderItem.item_id)),
        )
        .where(col(OrderItem.order_id) == order_id)
        .group_by(*OrderItem.__table__.columns)  # type: ignore[attr-defined]
        .order_by(col(OrderItem.position), col(OrderItem.item_id))
    )
    return [ItemOrdered(item, int(units)) for item, units in rows]


class LineShown(NamedTuple):
    """A line of an order: so many units of an item for a member's site."""

    line: OrderLine
    item: str
    unit: str
    member_code: str
    member: str
    site: SiteShown | None


_LINES = slices.Order(col(Member.sort_key), col(OrderLine.id), size=100)


async def lines_listed(
    session: AsyncSession,
    order_id: int,
    wanted: Slice,
    *,
    among: Collection[int] | None = None,
) -> Listed[LineShown]:
    """By member; those of some, or (None) all. Lines that a version dropped are left out."""
    statement: slices.AnySelect = (
        select(OrderLine, col(OrderItem.name), col(OrderItem.unit), col(Member.code), col(Member.name), Site)
        .join(
            OrderItem,
            linked(OrderItem.order_id, OrderLine.order_id) & (col(OrderItem.item_id) == col(OrderLine.item_id)),
        )
        .join(Member, linked(Member.id, OrderLine.member_id))
        .outerjoin(Site, linked(Site.id, OrderLine.site_id))
        .where(col(OrderLine.order_id) == order_id, col(OrderLine.quantity) > 0)
    )
    if among is not None:
        statement = statement.where(any_of(col(OrderLine.member_id), among))
    listed = await _LINES.read(session, statement, wanted)
    return listed.each(lambda row: LineShown(row[0], row[1], row[2], row[3], row[4], site_of(row[5])))


def site_of(site: Site | None) -> SiteShown | None:
    """As pages and documents show it."""
    if site is None:
        return None
    return SiteShown(
        site.id,
        site.name,
        site.street,
        site.postcode,
        site.city,
        site.contact,
        site.opening_hours,
        site.is_main,
        site.archived_at is not None,
    )


async def count_lines(session: AsyncSession, purchase_id: int, order_id: int | None = None) -> int:
    """Of an order, or (None) of all the purchase's."""
    statement = select(func.count()).select_from(OrderLine).join(Order, linked(Order.id, OrderLine.order_id))
    statement = statement.where(col(Order.purchase_id) == purchase_id)
    if order_id is not None:
        statement = statement.where(col(OrderLine.order_id) == order_id)
    return (await session.execute(statement)).scalar_one()


_INCOMPLETE = """
SELECT m.name, count(*) OVER () AS many
FROM (
    SELECT DISTINCT l.member_id FROM order_lines l
    JOIN orders o ON o.group_id = l.group_id AND o.id = l.order_id
    LEFT JOIN sites s ON s.group_id = l.group_id AND s.id = l.site_id
    WHERE o.group_id = $1 AND o.purchase_id = $2 AND ($3::bigint IS NULL OR o.id = $3) AND o.state <> 'cancelled'
        AND l.quantity > 0 AND (s.id IS NULL OR s.street = '' OR s.postcode = '' OR s.city = '')) doubtful
JOIN members m ON m.group_id = $1 AND m.id = doubtful.member_id
ORDER BY m.sort_key, m.id LIMIT $4"""


async def without_address(
    session: AsyncSession, purchase_id: int, order_id: int | None = None
) -> tuple[Sequence[str], int]:
    """Members that get something at a place whose address is not whole: the first ones by name, and how many."""
    rows = await fetch(session, _INCOMPLETE, group_of(session), purchase_id, order_id, NAMED_AT_MOST)
    return [row["name"] for row in rows], rows[0]["many"] if rows else 0


async def versions_of(session: AsyncSession, order_id: int) -> Sequence[OrderVersion]:
    """The newest first."""
    rows = await session.execute(
        select(OrderVersion).where(col(OrderVersion.order_id) == order_id).order_by(col(OrderVersion.number).desc())
    )
    return rows.scalars().all()


async def version_now(session: AsyncSession, order: Order) -> OrderVersion:
    return await session.get_one(OrderVersion, (order.group_id, order.id, order.version), populate_existing=True)


@dataclass(frozen=True)
class Bought:
    """What was ordered of an item from one supplier."""

    reference: str
    title: str
    order: str
    number: int
    name: str
    unit: str
    units: int
    unit_price: Decimal
    sent_at: datetime
    promised_on: date | None


_BOUGHT = slices.Order(col(Order.id), col(OrderItem.item_id), latest_first=True)


async def bought_from(session: AsyncSession, supplier_id: int, wanted: Slice) -> Listed[Bought]:
    """What left in orders to a supplier, the latest first."""
    units = (
        select(func.coalesce(func.sum(col(OrderLine.quantity)), 0))
        .where(linked(OrderLine.order_id, OrderItem.order_id), col(OrderLine.item_id) == col(OrderItem.item_id))
        .correlate(OrderItem)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            col(Purchase.reference), col(Purchase.title), col(Order.reference), col(Order.number), col(OrderItem.name),
            col(OrderItem.unit), units, col(OrderItem.unit_price), col(Order.sent_at), col(Order.promised_on),
        )
        .select_from(Order)
        .join(OrderItem, linked(OrderItem.order_id, Order.id))
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .where(col(Order.supplier_id) == supplier_id, col(Order.state).in_(LEFT))
    )  # fmt: skip
    return (await _BOUGHT.read(session, statement, wanted)).each(lambda row: Bought(*row))


class Attributed(NamedTuple):
    """An item that goes to a supplier without any quote, and that no order has that has left."""

    reference: str
    title: str
    name: str
    unit_price: Decimal
    chosen_at: datetime


_ATTRIBUTED = slices.Order(col(Award.purchase_id), col(Award.item_id), latest_first=True, size=25)


async def attributed_to(session: AsyncSession, supplier_id: int, wanted: Slice) -> Listed[Attributed]:
    """The latest purchase first. What quotes offered stands with them, what was ordered with the orders."""
    ordered = exists().where(
        linked(OrderItem.item_id, Award.item_id),
        linked(OrderItem.order_id, Order.id),
        col(Order.supplier_id) == supplier_id,
        col(Order.state).in_(LEFT),
    )
    statement: Any = (
        select(col(Purchase.reference), col(Purchase.title), col(Item.name), col(Item.unit_price), col(Award.chosen_at))
        .select_from(Award)
        .join(Item, linked(Item.id, Award.item_id))
        .join(Purchase, linked(Purchase.id, Award.purchase_id))
        .where(col(Award.supplier_id) == supplier_id, col(Award.quote_id).is_(None), ~ordered)
    )
    return (await _ATTRIBUTED.read(session, statement, wanted)).each(lambda row: Attributed(*row))


async def purchase_of_order(session: AsyncSession, order_id: int) -> int | None:
    """The purchase that an order is of."""
    found = await session.execute(select(col(Order.purchase_id)).where(col(Order.id) == order_id))
    purchase_id: int | None = found.scalar_one_or_none()
    return purchase_id

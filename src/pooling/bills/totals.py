"""All that is ordered, accepted and invoiced of a purchase: by item, charge, rate and order; what is left to pay."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.comparing import Advances, ItemTally
from pooling.bills.models import Advance, BillKind
from pooling.bills.ordered import CHOSEN_AMONG, LEFT, charges_of_orders, units_of_item
from pooling.bills.permissions import Reach
from pooling.bills.queries import COUNTS, SIGN, within
from pooling.bills.rules import divided
from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.orders.models import Order as SupplierOrder
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier


class ItemBilled(NamedTuple):
    """An item of a supplier over all its orders of a purchase, in units and cents before VAT."""

    supplier: str
    item_id: int
    code: str
    name: str
    unit: str
    tally: ItemTally
    ordered_cents: Cents
    invoiced_cents: Cents


_REACHED = "($3 OR (c.member_id IS NULL AND $4) OR c.member_id = ANY ($5::bigint[]))"
"""Of a row that is called c: the caller sees it, by its reach (`_parameters`)."""
_PLACED = f"""placed AS (
    SELECT id, supplier_id, completed_at FROM orders c
    WHERE group_id = $1 AND purchase_id = $2 AND state IN ('sent', 'confirmed') AND {_REACHED})"""  # noqa: S608 - of texts that stand here
_BILLED = f"""
WITH {_PLACED},
ordered AS (
    SELECT p.supplier_id, l.item_id, sum(l.quantity) AS units, bool_and(p.completed_at IS NOT NULL) AS complete
    FROM placed p JOIN order_lines l ON l.group_id = $1 AND l.order_id = p.id GROUP BY 1, 2),
worth AS (
    SELECT p.supplier_id, i.item_id, min(i.position) AS position, max(i.code) AS code, max(i.name) AS name,
        max(i.unit) AS unit, sum(round(i.unit_price * 100 * coalesce(l.units, 0))) AS cents
    FROM placed p JOIN order_items i ON i.group_id = $1 AND i.order_id = p.id
    LEFT JOIN (SELECT order_id, item_id, sum(quantity) AS units FROM order_lines WHERE group_id = $1 GROUP BY 1, 2) l
        ON l.order_id = i.order_id AND l.item_id = i.item_id
    GROUP BY 1, 2),
accepted AS (
    SELECT p.supplier_id, l.item_id, sum(r.accepted) AS units
    FROM placed p JOIN order_lines l ON l.group_id = $1 AND l.order_id = p.id
    JOIN receipt_lines r ON r.group_id = $1 AND r.order_line_id = l.id
    JOIN receipts t ON t.group_id = $1 AND t.id = r.receipt_id AND t.withdrawn_at IS NULL GROUP BY 1, 2),
invoiced AS (
    SELECT p.supplier_id, u.item_id, sum(u.units) AS units,
        round(sum(b.net_cents * {SIGN} * CASE WHEN b.units = 0 THEN 1 ELSE u.units / b.units END)) AS cents
    FROM placed p JOIN bill_units u ON u.group_id = $1 AND u.order_id = p.id
    JOIN bill_lines b ON b.group_id = $1 AND b.bill_id = u.bill_id AND b.position = u.position
    JOIN bills c ON c.group_id = $1 AND c.id = u.bill_id AND {COUNTS} GROUP BY 1, 2)
SELECT s.name AS supplier, w.item_id, w.code, w.name, w.unit, coalesce(o.units, 0) AS ordered,
    coalesce(o.complete, false) AS complete, coalesce(a.units, 0) AS accepted, coalesce(i.units, 0) AS invoiced,
    w.cents AS ordered_cents, coalesce(i.cents, 0) AS invoiced_cents
FROM worth w JOIN suppliers s ON s.group_id = $1 AND s.id = w.supplier_id
LEFT JOIN ordered o USING (supplier_id, item_id) LEFT JOIN accepted a USING (supplier_id, item_id)
LEFT JOIN invoiced i USING (supplier_id, item_id)
ORDER BY s.sort_key, s.id, w.position, w.item_id"""  # noqa: S608 - of texts that stand here


def _parameters(reach: Reach) -> tuple[bool, bool, list[int]]:
    return reach.everything, reach.common, sorted(reach.own)


async def items_billed(session: AsyncSession, purchase_id: int, reach: Reach) -> list[ItemBilled]:
    """Ordered, accepted and invoiced, by supplier and item, of the orders that the caller sees."""
    rows = await fetch(session, _BILLED, group_of(session), purchase_id, *_parameters(reach))
    return [
        ItemBilled(
            row["supplier"],
            row["item_id"],
            row["code"],
            row["name"],
            row["unit"],
            ItemTally(int(row["ordered"]), int(row["accepted"]), Fraction(row["invoiced"]), row["complete"]),
            int(row["ordered_cents"]),
            int(row["invoiced_cents"]),
        )
        for row in rows
    ]


class ChargeBilled(NamedTuple):
    """What all orders of a supplier say beside items at one rate, and what its accepted bills ask for there."""

    supplier: str
    labels: Sequence[str]
    vat_rate: Fraction
    ordered: Cents
    invoiced: Cents


_CHARGES_BILLED = f"""
WITH {_PLACED},
ordered AS (
    SELECT p.supplier_id, x.vat_rate, sum(x.amount_cents) AS cents, array_agg(DISTINCT x.label) AS labels
    FROM placed p JOIN order_charges x ON x.group_id = $1 AND x.order_id = p.id GROUP BY 1, 2),
counted AS (
    SELECT DISTINCT p.supplier_id, c.id, {SIGN} AS sign FROM placed p
    JOIN bill_orders x ON x.group_id = $1 AND x.order_id = p.id
    JOIN bills c ON c.group_id = $1 AND c.id = x.bill_id AND {COUNTS}
        AND {_REACHED}
    WHERE EXISTS (SELECT FROM bill_lines b WHERE b.group_id = $1 AND b.bill_id = c.id)),
bases AS (
    SELECT c.supplier_id, r.vat_rate, sum(r.base_cents * c.sign) AS cents
    FROM counted c JOIN bill_rates r ON r.group_id = $1 AND r.bill_id = c.id GROUP BY 1, 2),
nets AS (
    SELECT c.supplier_id, b.vat_rate, sum(b.net_cents * c.sign) AS cents
    FROM counted c JOIN bill_lines b ON b.group_id = $1 AND b.bill_id = c.id WHERE b.item_id IS NOT NULL GROUP BY 1, 2)
SELECT s.name AS supplier, o.labels, o.vat_rate, o.cents AS ordered,
    coalesce(b.cents, 0) - coalesce(n.cents, 0) AS invoiced
FROM ordered o JOIN suppliers s ON s.group_id = $1 AND s.id = o.supplier_id
LEFT JOIN bases b USING (supplier_id, vat_rate) LEFT JOIN nets n USING (supplier_id, vat_rate)
ORDER BY s.sort_key, s.id, o.vat_rate DESC"""  # noqa: S608 - of texts that stand here


async def charges_billed(session: AsyncSession, purchase_id: int, reach: Reach) -> list[ChargeBilled]:
    """Ordered and invoiced beside items, by supplier and rate, of the orders that the caller sees."""
    rows = await fetch(session, _CHARGES_BILLED, group_of(session), purchase_id, *_parameters(reach))
    return [
        ChargeBilled(
            row["supplier"], row["labels"], Fraction(row["vat_rate"]), int(row["ordered"]), int(row["invoiced"])
        )
        for row in rows
    ]


_ITEM_NETS = f"""
SELECT b.item_id, b.vat_rate, sum(b.net_cents * {SIGN}) AS cents
FROM bills c JOIN bill_lines b ON b.group_id = $1 AND b.bill_id = c.id
WHERE c.group_id = $1 AND c.purchase_id = $2 AND {COUNTS} AND b.item_id IS NOT NULL GROUP BY 1, 2"""  # noqa: S608 - of texts that stand here


async def nets_by_item(session: AsyncSession, purchase_id: int) -> dict[int, dict[Fraction, Cents]]:
    """What accepted bills of a purchase ask for each item, by rate."""
    found: dict[int, dict[Fraction, Cents]] = defaultdict(dict)
    for row in await fetch(session, _ITEM_NETS, group_of(session), purchase_id):
        found[row["item_id"]][Fraction(row["vat_rate"])] = int(row["cents"])
    return found


_RATES = f"""
SELECT r.vat_rate, sum(r.base_cents * {SIGN}) AS ht, sum(r.vat_cents * {SIGN}) AS vat
FROM bills c JOIN bill_rates r ON r.group_id = $1 AND r.bill_id = c.id
WHERE c.group_id = $1 AND c.purchase_id = $2 AND {COUNTS}
    AND {_REACHED}
GROUP BY 1 ORDER BY 1 DESC"""  # noqa: S608 - of texts that stand here


async def rates_billed(session: AsyncSession, purchase_id: int, reach: Reach) -> dict[Fraction, tuple[Cents, Cents]]:
    """HT and VAT that accepted bills ask for, by rate."""
    rows = await fetch(session, _RATES, group_of(session), purchase_id, *_parameters(reach))
    return {Fraction(row["vat_rate"]): (int(row["ht"]), int(row["vat"])) for row in rows}


class Payable(NamedTuple):
    """What a purchase's bills come to, in cents."""

    accepted: int
    """How many are accepted."""
    open: int
    """How many are still to be decided."""
    unlinked: int
    due: Cents
    """Left to pay of those that are accepted, credit notes taken off."""
    asked: Cents
    """The same of those to be decided, of those in euros."""
    next_due: date | None


_PAYABLE = f"""
SELECT count(*) FILTER (WHERE c.state = 'accepted' AND c.replaced_by_id IS NULL) AS accepted,
    count(*) FILTER (WHERE c.state IN ('to_check', 'disputed')) AS open,
    count(*) FILTER (WHERE c.state IN ('to_check', 'disputed') AND NOT EXISTS (
        SELECT FROM bill_orders x WHERE x.group_id = $1 AND x.bill_id = c.id)) AS unlinked,
    coalesce(sum(c.due_cents * {SIGN})
        FILTER (WHERE c.state = 'accepted' AND c.replaced_by_id IS NULL), 0) AS due,
    coalesce(sum(c.due_cents * {SIGN})
        FILTER (WHERE c.state IN ('to_check', 'disputed') AND c.currency = 'EUR'), 0) AS asked,
    min(c.due_on) FILTER (WHERE c.state IN ('to_check', 'disputed')) AS next_due
FROM bills c WHERE c.group_id = $1 AND c.purchase_id = $2
    AND {_REACHED}"""  # noqa: S608 - of texts that stand here


async def payable_of(session: AsyncSession, purchase_id: int, reach: Reach) -> Payable:
    (row,) = await fetch(session, _PAYABLE, group_of(session), purchase_id, *_parameters(reach))
    return Payable(row["accepted"], row["open"], row["unlinked"], int(row["due"]), int(row["asked"]), row["next_due"])


@dataclass(frozen=True)
class OrderBilled:
    """An order with what is invoiced of it."""

    id: int
    reference: str
    supplier: str
    payer: str
    items: Sequence[ItemTally]
    advances: Advances
    due: Cents
    """Left to pay of its accepted bills."""


_ORDERS_BY_NUMBER = Order(col(SupplierOrder.number))


_TALLIES = f"""
SELECT i.order_id, o.completed_at IS NOT NULL AS complete,
    {units_of_item()}
FROM order_items i JOIN orders o ON o.group_id = $1 AND o.id = i.order_id
WHERE i.group_id = $1 AND i.order_id = ANY ($2::bigint[])"""  # noqa: S608 - of texts that stand here


_PAID = """
SELECT order_id, sum(cents) AS cents FROM advances
WHERE group_id = $1 AND order_id = ANY ($2::bigint[]) GROUP BY 1"""


_MONEY = f"""
SELECT c.kind, c.ttc_cents, c.prepaid_cents * {SIGN} AS prepaid, c.due_cents * {SIGN} AS due,
    array_agg(x.order_id ORDER BY x.order_id) AS orders, array_agg(w.weight ORDER BY x.order_id) AS weights
FROM bills c JOIN bill_orders x ON x.group_id = $1 AND x.bill_id = c.id
CROSS JOIN LATERAL (
    SELECT round(100 * coalesce(sum(abs(u.units) * i.unit_price), 0))::bigint AS weight FROM bill_units u
    JOIN order_items i ON i.group_id = $1 AND i.order_id = u.order_id AND i.item_id = u.item_id
    WHERE u.group_id = $1 AND u.bill_id = c.id AND u.order_id = x.order_id) w
WHERE c.group_id = $1 AND c.state = 'accepted' AND c.replaced_by_id IS NULL
    AND c.id IN (SELECT bill_id FROM bill_orders WHERE group_id = $1 AND order_id = ANY ($2::bigint[]))
GROUP BY c.group_id, c.id"""  # noqa: S608 - of texts that stand here


class OrderMoney(NamedTuple):
    """Of an order, all its accepted bills together, in cents."""

    advances: Advances
    due: Cents


async def _money_of(session: AsyncSession, orders: Collection[int]) -> Mapping[int, OrderMoney]:
    """What a bill of several orders asks for is divided by what it invoices of each; what it says is paid already, by
    what was paid for each.
    """
    bills = await fetch(session, _MONEY, group_of(session), list(orders))
    together = {*orders, *(order_id for row in bills for order_id in row["orders"])}
    advances = await fetch(session, _PAID, group_of(session), list(together))
    paid = Counter({row["order_id"]: int(row["cents"]) for row in advances})
    prepayments = [row for row in bills if row["kind"] == BillKind.PREPAYMENT]
    others = [row for row in bills if row["kind"] != BillKind.PREPAYMENT]
    for row in prepayments:
        paid.update(_among(row, row["ttc_cents"], row["weights"]))
    taken: Counter[int] = Counter()
    for row in others:
        advanced = [paid[order_id] for order_id in row["orders"]]
        taken.update(_among(row, row["prepaid"], advanced if any(advanced) else row["weights"]))
    due: Counter[int] = Counter()
    for row in bills:
        due.update(_among(row, row["due"], row["weights"]))
    return {order_id: OrderMoney(Advances(paid[order_id], taken[order_id]), due[order_id]) for order_id in orders}


def _among(bill: Mapping[str, Any], cents: Cents, weights: Sequence[int]) -> dict[int, Cents]:
    """An amount of a bill by its orders."""
    return dict(zip(bill["orders"], divided(cents, weights), strict=True))


async def tallies_of(session: AsyncSession, orders: Collection[int]) -> Mapping[int, Sequence[ItemTally]]:
    """The items of each of these orders: ordered, accepted, invoiced; then its charges, in cents, as if what is ordered
    beside items had come. In two statements.
    """
    found: dict[int, list[ItemTally]] = defaultdict(list)
    for row in await fetch(session, _TALLIES, group_of(session), list(orders)):
        tally = ItemTally(int(row["ordered"]), int(row["accepted"]), Fraction(row["invoiced"]), row["complete"])
        found[row["order_id"]].append(tally)
    for order_id, charges in (await charges_of_orders(session, orders)).items():
        for one in charges:
            sign = -1 if one.ordered < 0 else 1
            found[order_id].append(ItemTally(abs(one.ordered), abs(one.ordered), Fraction(sign * one.invoiced)))
    return found


async def orders_billed(session: AsyncSession, purchase_id: int, reach: Reach, wanted: Slice) -> Listed[OrderBilled]:
    """The orders that have left and that the caller sees, by number, each with its invoice state."""
    listed = await _ORDERS_BY_NUMBER.read(
        session,
        select(col(SupplierOrder.id), col(SupplierOrder.reference), col(Supplier.name), col(Member.name))
        .join(Supplier, linked(Supplier.id, SupplierOrder.supplier_id))
        .outerjoin(Member, linked(Member.id, SupplierOrder.member_id))
        .where(
            col(SupplierOrder.purchase_id) == purchase_id,
            any_of(col(SupplierOrder.state), LEFT),
            within(reach, col(SupplierOrder.member_id)),
        ),
        wanted,
    )
    ids = [row[0] for row in listed.items]
    tallies = await tallies_of(session, ids)
    money = await _money_of(session, ids)

    def each(row: tuple[Any, ...]) -> OrderBilled:
        id_, reference, supplier, payer = row
        return OrderBilled(id_, reference, supplier, payer or "", tallies.get(id_, ()), *money[id_])

    return listed.each(each)


class AdvanceShown(NamedTuple):
    id: int
    order: str
    cents: Cents
    paid_on: date
    note: str


async def advances_of(session: AsyncSession, purchase_id: int, reach: Reach) -> list[AdvanceShown]:
    """The advances that were paid, on the orders that the caller sees, as they came."""
    rows = await session.execute(
        select(
            col(Advance.id), col(SupplierOrder.reference), col(Advance.cents), col(Advance.paid_on), col(Advance.note)
        )
        .join(SupplierOrder, linked(SupplierOrder.id, Advance.order_id))
        .where(col(SupplierOrder.purchase_id) == purchase_id, within(reach, col(SupplierOrder.member_id)))
        .order_by(col(Advance.id))
        .limit(CHOSEN_AMONG)
    )
    return [AdvanceShown(*row) for row in rows]

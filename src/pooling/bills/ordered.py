"""The orders that a bill is for: their items and charges, what other bills ask for of them, what differs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.comparing import Billed, ChargesOrdered, Difference, compare
from pooling.bills.models import Bill, BillKind, BillOrder
from pooling.bills.queries import COUNTS, SIGN, billed_lines, identity_of, rates_of
from pooling.bills.rules import ItemOrdered, OrderKnown, divided
from pooling.bills.schemas import MOST_ORDERS
from pooling.kernel.database import fetch, group_of
from pooling.kernel.tables import any_of, linked
from pooling.orders.models import Order as SupplierOrder
from pooling.orders.models import OrderState
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier

LEFT = (OrderState.SENT, OrderState.CONFIRMED)
"""Orders that a supplier may invoice."""


async def buyers_of(session: AsyncSession, purchase_id: int, among: Collection[int]) -> frozenset[int]:
    """Which of these members order themselves in this purchase."""
    found = await session.execute(
        select(col(SupplierOrder.member_id)).where(
            col(SupplierOrder.purchase_id) == purchase_id,
            any_of(col(SupplierOrder.member_id), among),
            any_of(col(SupplierOrder.state), LEFT),
        )
    )
    return frozenset(member for member in found.scalars() if member is not None)


def units_of_item(of_bills: str = COUNTS) -> str:
    """Columns of a statement about items of orders, called i: how many units are ordered, accepted, and invoiced by
    bills, called c, of which this is so.
    """
    return f"""coalesce((SELECT sum(l.quantity) FROM order_lines l
        WHERE l.group_id = $1 AND l.order_id = i.order_id AND l.item_id = i.item_id), 0) AS ordered,
    coalesce((SELECT sum(r.accepted) FROM order_lines l
        JOIN receipt_lines r ON r.group_id = $1 AND r.order_line_id = l.id
        JOIN receipts t ON t.group_id = $1 AND t.id = r.receipt_id AND t.withdrawn_at IS NULL
        WHERE l.group_id = $1 AND l.order_id = i.order_id AND l.item_id = i.item_id), 0) AS accepted,
    coalesce((SELECT sum(u.units) FROM bill_units u
        JOIN bills c ON c.group_id = $1 AND c.id = u.bill_id AND {of_bills}
        WHERE u.group_id = $1 AND u.order_id = i.order_id AND u.item_id = i.item_id), 0) AS invoiced"""  # noqa: S608 - of texts that stand here


_OTHERS_COUNT = f"{COUNTS} AND c.id <> $3 AND c.number <> ALL ($4::text[])"
"""All but one, and those that it replaces."""

_ITEMS = f"""
SELECT i.item_id, i.position, i.code, i.supplier_code, i.name, i.unit_price, i.vat_rate, i.order_id, o.reference,
    {units_of_item(_OTHERS_COUNT)}
FROM order_items i JOIN orders o ON o.group_id = $1 AND o.id = i.order_id
WHERE i.group_id = $1 AND i.order_id = ANY ($2::bigint[]) ORDER BY o.number, i.position, i.item_id"""  # noqa: S608 - of texts that stand here


async def items_of_orders(
    session: AsyncSession, orders: Collection[int], *, without: int = 0, replacing: Collection[str] = ()
) -> list[ItemOrdered]:
    """The items of orders, with what accepted bills ask for: all but this one, and those that it replaces."""
    if not orders:
        return []
    rows = await fetch(session, _ITEMS, group_of(session), list(orders), without, list(replacing))
    return [
        ItemOrdered(
            row["item_id"],
            row["position"],
            row["code"],
            row["supplier_code"],
            row["name"],
            Fraction(row["unit_price"]),
            Fraction(row["vat_rate"]),
            int(row["ordered"]),
            int(row["accepted"]),
            Fraction(row["invoiced"]),
            row["order_id"],
            row["reference"],
        )
        for row in rows
    ]


_BESIDE = f"""
SELECT r.vat_rate, array_agg(x.order_id ORDER BY x.order_id) AS orders,
    {SIGN} * (r.base_cents - coalesce((SELECT sum(b.net_cents) FROM bill_lines b
        WHERE b.group_id = $1 AND b.bill_id = c.id AND b.vat_rate = r.vat_rate AND b.item_id IS NOT NULL), 0)) AS cents
FROM bills c
JOIN bill_rates r ON r.group_id = $1 AND r.bill_id = c.id
JOIN bill_orders x ON x.group_id = $1 AND x.bill_id = c.id
WHERE c.group_id = $1 AND {_OTHERS_COUNT}
    AND c.id IN (SELECT bill_id FROM bill_orders WHERE group_id = $1 AND order_id = ANY ($2::bigint[]))
    AND EXISTS (SELECT FROM bill_lines b WHERE b.group_id = $1 AND b.bill_id = c.id)
GROUP BY c.id, c.kind, r.vat_rate, r.base_cents"""  # noqa: S608 - of texts that stand here


_CHARGED = """
SELECT order_id, vat_rate, sum(amount_cents) AS cents, array_agg(label ORDER BY position, code) AS labels
FROM order_charges WHERE group_id = $1 AND order_id = ANY ($2::bigint[]) GROUP BY 1, 2 ORDER BY 1, 2 DESC"""


async def charges_of_orders(
    session: AsyncSession, orders: Collection[int], *, without: int = 0, replacing: Collection[str] = ()
) -> Mapping[int, Sequence[ChargesOrdered]]:
    """What each of these orders says beside items, with what accepted bills ask for beside them: all but this one,
    those that it replaces, and those whose lines nobody knows. What a bill of several orders asks for so is divided by
    what they say.
    """
    asked = await fetch(session, _BESIDE, group_of(session), list(orders), without, list(replacing))
    together = {*orders, *(order_id for row in asked for order_id in row["orders"])}
    charged = {
        (row["order_id"], row["vat_rate"]): row
        for row in await fetch(session, _CHARGED, group_of(session), list(together))
    }
    invoiced: dict[tuple[int, Decimal], Cents] = defaultdict(int)
    for row in asked:
        keys = [key for order_id in row["orders"] if (key := (order_id, row["vat_rate"])) in charged]
        weights = [abs(int(charged[key]["cents"])) for key in keys]
        for key, cents in zip(keys, divided(int(row["cents"]), weights) if keys else (), strict=True):
            invoiced[key] += cents
    found: dict[int, list[ChargesOrdered]] = defaultdict(list)
    for key, row in charged.items():
        one = ChargesOrdered(Fraction(row["vat_rate"]), row["labels"], int(row["cents"]), invoiced[key])
        found[row["order_id"]].append(one)
    return {order_id: found[order_id] for order_id in orders if order_id in found}


def _together(charges: Iterable[ChargesOrdered]) -> list[ChargesOrdered]:
    """Those of several orders, by rate."""
    found: dict[Fraction, ChargesOrdered] = {}
    for one in charges:
        known = found.get(one.vat_rate, one._replace(labels=(), ordered=0, invoiced=0))
        labels = list(dict.fromkeys([*known.labels, *one.labels]))
        found[one.vat_rate] = known._replace(
            labels=labels, ordered=known.ordered + one.ordered, invoiced=known.invoiced + one.invoiced
        )
    return list(found.values())


def replaced_by(bill: Bill) -> Sequence[str]:
    """The numbers of the invoices in whose place it stands."""
    return bill.credited if bill.kind == BillKind.CORRECTED else ()


async def differences_of(session: AsyncSession, bill: Bill) -> tuple[list[Difference], list[ItemOrdered]]:
    """What differs between a bill and its orders as they stand now, and the items of these."""
    others = replaced_by(bill)
    orders = [order.id for order in await orders_of_bill(session, bill.id)]
    items = await items_of_orders(session, orders, without=bill.id, replacing=others)
    charges: Sequence[ChargesOrdered] = ()
    if orders:
        found = await charges_of_orders(session, orders, without=bill.id, replacing=others)
        charges = _together(one for each in found.values() for one in each)
    rates = await rates_of(session, bill.id)
    billed = Billed(
        await billed_lines(session, bill.id),
        bill.ht_cents,
        sum(rate.base_cents for rate in rates),
        is_credit=bill.kind == BillKind.CREDIT_NOTE,
        is_prepayment=bill.kind == BillKind.PREPAYMENT,
        bases={Fraction(rate.vat_rate): rate.base_cents for rate in rates},
    )
    return compare(billed, items, charges), items


async def orders_named(
    session: AsyncSession, purchase_id: int, references: Sequence[str]
) -> tuple[list[OrderKnown], bool]:
    """The orders of these references, and whether the purchase has any that has left: without reading thousands."""
    orders = select(col(SupplierOrder.id)).where(
        col(SupplierOrder.purchase_id) == purchase_id, any_of(col(SupplierOrder.state), LEFT)
    )
    any_left = (await session.execute(orders.limit(1))).first() is not None
    if not any_left or not references:
        return [], any_left
    found = await session.execute(
        select(col(SupplierOrder.id), col(SupplierOrder.reference), Supplier)
        .join(Supplier, linked(Supplier.id, SupplierOrder.supplier_id))
        .where(
            col(SupplierOrder.purchase_id) == purchase_id,
            any_of(col(SupplierOrder.state), LEFT),
            any_of(col(SupplierOrder.reference), references),
        )
        .order_by(col(SupplierOrder.number))
        .limit(MOST_ORDERS)
    )
    return [OrderKnown(id_, said, identity_of(supplier)) for id_, said, supplier in found], True


class OrderChosen(NamedTuple):
    id: int
    reference: str


CHOSEN_AMONG = 500
"""Orders offered to link a bill to; a bill of another one names it."""


async def orders_of_bill(session: AsyncSession, bill_id: int) -> list[OrderChosen]:
    """The orders that a bill is for, by number."""
    rows = await session.execute(
        select(col(SupplierOrder.id), col(SupplierOrder.reference))
        .join(BillOrder, linked(BillOrder.order_id, SupplierOrder.id))
        .where(col(BillOrder.bill_id) == bill_id)
        .order_by(col(SupplierOrder.number))
    )
    return [OrderChosen(*row) for row in rows]


async def orders_chosen(session: AsyncSession, purchase_id: int, supplier_id: int | None) -> list[OrderChosen]:
    """The orders that have left, of this supplier or of all, by number."""
    meant = [] if supplier_id is None else [col(SupplierOrder.supplier_id) == supplier_id]
    rows = await session.execute(
        select(col(SupplierOrder.id), col(SupplierOrder.reference))
        .where(col(SupplierOrder.purchase_id) == purchase_id, any_of(col(SupplierOrder.state), LEFT), *meant)
        .order_by(col(SupplierOrder.number))
        .limit(CHOSEN_AMONG)
    )
    return [OrderChosen(*row) for row in rows]


async def orders_called(session: AsyncSession, purchase_id: int, references: Sequence[str]) -> Mapping[str, int]:
    """The purchase's orders of these references that have left."""
    found = await session.execute(
        select(col(SupplierOrder.reference), col(SupplierOrder.id)).where(
            col(SupplierOrder.purchase_id) == purchase_id,
            any_of(col(SupplierOrder.state), LEFT),
            any_of(col(SupplierOrder.reference), references),
        )
    )
    return {reference: order_id for reference, order_id in found}

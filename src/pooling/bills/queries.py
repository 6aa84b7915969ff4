"""Reads about bills: one with its order, those of a purchase, and all that is ordered, accepted and invoiced."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import sees_all_costs
from pooling.bills.comparing import Advances, Billed, ChargesOrdered, Difference, ItemTally, compare
from pooling.bills.models import Advance, Bill, BillKind, BillLine, BillOrder, BillRate, BillState, BillUnits
from pooling.bills.permissions import Reach, sees_everything
from pooling.bills.rules import Identity, ItemOrdered, Key, LineBilled, OrderKnown, divided, sign_of, with_matches
from pooling.bills.schemas import MOST_ORDERS
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, known_id, linked
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.orders.models import Order as SupplierOrder
from pooling.orders.models import OrderState
from pooling.purchases.models import Purchase
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier
from pooling.suppliers.numbers import french_vat_number

LEFT = (OrderState.SENT, OrderState.CONFIRMED)
"""Orders that a supplier may invoice."""
_NEWEST = Order(col(Bill.id), latest_first=True)
_COUNTS = "c.state = 'accepted' AND c.kind <> 'prepayment' AND c.replaced_by_id IS NULL"
_SIGN = "CASE WHEN c.kind = 'credit_note' THEN -1 ELSE 1 END"


def identity_of(supplier: Supplier) -> Identity:
    vat = supplier.vat_number or (french_vat_number(supplier.siret) if supplier.siret else "")
    return Identity(supplier.siret or "", "", vat, supplier.name)


async def reach_of(session: AsyncSession, caller: Caller, purchase: Purchase) -> Reach:
    """Whose bills of this purchase the caller sees."""
    if sees_everything(caller, purchase):
        return Reach(everything=True, common=True, own=frozenset())
    own = caller.members_as(Role.REFERENT, Role.FINANCE)
    return Reach(everything=False, common=await sees_all_costs(session, caller, purchase.id), own=frozenset(own))


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


async def find_bill(session: AsyncSession, purchase_id: int, bill_id: int) -> Bill:
    """Raises:
    NotFound: the purchase has no such bill.
    """
    found = await session.get(Bill, (group_of(session), known_id(bill_id)), populate_existing=True)
    if found is None or found.purchase_id != purchase_id:
        raise NotFound
    return found


async def lock_bill(session: AsyncSession, purchase_id: int, bill_id: int) -> Bill:
    """The same, locked, behind the lock of its purchase."""
    await find_bill(session, purchase_id, bill_id)
    return await session.get_one(Bill, (group_of(session), bill_id), populate_existing=True, with_for_update=True)


class BillShown(NamedTuple):
    """A bill in a list."""

    bill: Bill
    supplier: str
    """Empty: the group does not know it yet."""
    orders: Sequence[str]
    """The references of those that it is for."""
    payer: str
    """Who is asked to pay; empty: the lead."""

    @property
    def seller(self) -> str:
        """As the group calls it, or as the document does."""
        return self.supplier or seller_named(self.bill)

    @property
    def signed_ttc(self) -> Cents:
        return sign_of(self.bill.kind) * self.bill.ttc_cents


def seller_named(bill: Bill) -> str:
    said = (bill.source or {}).get("seller", {})
    return str(said.get("name") or said.get("siret") or said.get("vat") or "Fournisseur inconnu")


def within(reach: Reach) -> ColumnElement[bool]:
    if reach.everything:
        return true()
    common = col(Bill.member_id).is_(None) if reach.common else false()
    return or_(common, any_of(col(Bill.member_id), reach.own))


def _shown() -> Any:  # noqa: ANN401 - a select of four
    references = (
        select(func.array_agg(aggregate_order_by(col(SupplierOrder.reference), col(SupplierOrder.number))))
        .join(BillOrder, linked(BillOrder.order_id, SupplierOrder.id))
        .where(linked(BillOrder.bill_id, Bill.id))
        .correlate(Bill)
        .scalar_subquery()
    )
    return (
        select(Bill, col(Supplier.name), references, col(Member.name))
        .outerjoin(Supplier, linked(Supplier.id, Bill.supplier_id))
        .outerjoin(Member, linked(Member.id, Bill.member_id))
    )


def _as_shown(row: tuple[Any, ...]) -> BillShown:
    bill, supplier, orders, payer = row
    return BillShown(bill, supplier or "", orders or (), payer or "")


async def bills_listed(session: AsyncSession, purchase_id: int, reach: Reach, wanted: Slice) -> Listed[BillShown]:
    """Those that the caller sees, the latest first."""
    statement = _shown().where(col(Bill.purchase_id) == purchase_id, within(reach))
    return (await _NEWEST.read(session, statement, wanted)).each(_as_shown)


async def all_bills(session: AsyncSession, purchase_id: int, reach: Reach) -> list[BillShown]:
    """All of them, as they came."""
    statement = _shown().where(col(Bill.purchase_id) == purchase_id, within(reach)).order_by(col(Bill.id))
    return [_as_shown(tuple(row)) for row in await session.execute(statement)]


async def show_bill(session: AsyncSession, bill: Bill) -> BillShown:
    return _as_shown(tuple((await session.execute(_shown().where(col(Bill.id) == bill.id))).one()))


async def lines_of(session: AsyncSession, bill_id: int) -> list[BillLine]:
    found = await session.execute(
        select(BillLine)
        .where(col(BillLine.bill_id) == bill_id)
        .order_by(col(BillLine.position))
        .execution_options(populate_existing=True)
    )
    return list(found.scalars())


async def rates_of(session: AsyncSession, bill_id: int) -> list[BillRate]:
    found = await session.execute(
        select(BillRate)
        .where(col(BillRate.bill_id) == bill_id)
        .order_by(col(BillRate.vat_rate))
        .execution_options(populate_existing=True)
    )
    return list(found.scalars())


async def parts_of(session: AsyncSession, bill_id: int) -> Mapping[int, Mapping[Key, Fraction]]:
    """How many units of which its lines are, by their positions."""
    rows = await session.execute(
        select(col(BillUnits.position), col(BillUnits.order_id), col(BillUnits.item_id), col(BillUnits.units))
        .where(col(BillUnits.bill_id) == bill_id)
        .order_by(col(BillUnits.position), col(BillUnits.order_id))
    )
    found: dict[int, dict[Key, Fraction]] = defaultdict(dict)
    for position, order_id, item_id, units in rows:
        found[position][Key(order_id, item_id)] = Fraction(units)
    return found


async def billed_lines(session: AsyncSession, bill_id: int) -> list[LineBilled]:
    """Its lines as the rules take them, with what they are for."""
    return with_matches(map(as_billed, await lines_of(session, bill_id)), await parts_of(session, bill_id))


def as_billed(line: BillLine) -> LineBilled:
    return LineBilled(
        line.position,
        line.name,
        line.supplier_code,
        line.order_line,
        Fraction(line.units),
        line.net_cents,
        Fraction(line.vat_rate),
        line.order_reference,
    )


_ITEMS = f"""
SELECT i.item_id, i.position, i.code, i.supplier_code, i.name, i.unit_price, i.vat_rate, i.order_id, o.reference,
    coalesce((SELECT sum(l.quantity) FROM order_lines l
        WHERE l.group_id = $1 AND l.order_id = i.order_id AND l.item_id = i.item_id), 0) AS ordered,
    coalesce((SELECT sum(r.accepted) FROM order_lines l
        JOIN receipt_lines r ON r.group_id = $1 AND r.order_line_id = l.id
        JOIN receipts t ON t.group_id = $1 AND t.id = r.receipt_id AND t.withdrawn_at IS NULL
        WHERE l.group_id = $1 AND l.order_id = i.order_id AND l.item_id = i.item_id), 0) AS accepted,
    coalesce((SELECT sum(u.units) FROM bill_units u
        JOIN bills c ON c.group_id = $1 AND c.id = u.bill_id AND {_COUNTS}
            AND c.id <> $3 AND c.number <> ALL ($4::text[])
        WHERE u.group_id = $1 AND u.order_id = i.order_id AND u.item_id = i.item_id), 0) AS invoiced
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
    {_SIGN} * (r.base_cents - coalesce((SELECT sum(b.net_cents) FROM bill_lines b
        WHERE b.group_id = $1 AND b.bill_id = c.id AND b.vat_rate = r.vat_rate AND b.item_id IS NOT NULL), 0)) AS cents
FROM bills c
JOIN bill_rates r ON r.group_id = $1 AND r.bill_id = c.id
JOIN bill_orders x ON x.group_id = $1 AND x.bill_id = c.id
WHERE c.group_id = $1 AND {_COUNTS} AND c.id <> $3 AND c.number <> ALL ($4::text[])
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


async def supplier_of(session: AsyncSession, seller: Identity) -> Supplier | None:
    """Whom the group knows by these numbers: its establishment, else another one of the company, the oldest first."""
    company, vat = seller.company, seller.vat
    by_company = col(Supplier.siret).startswith(company, autoescape=True) if company else false()
    by_vat = col(Supplier.vat_number) == vat if vat else false()
    found = await session.execute(
        select(Supplier)
        .where(or_(by_company, by_vat))
        .order_by(
            case((col(Supplier.siret) == seller.siret, 0), else_=1),
            col(Supplier.archived_at).is_not(None),
            col(Supplier.id),
        )
        .limit(1)
    )
    return found.scalar_one_or_none()


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


_BILLED = f"""
WITH placed AS (
    SELECT id, supplier_id, completed_at FROM orders
    WHERE group_id = $1 AND purchase_id = $2 AND state IN ('sent', 'confirmed')
        AND ($3 OR (member_id IS NULL AND $4) OR member_id = ANY ($5::bigint[]))),
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
        round(sum(b.net_cents * {_SIGN} * CASE WHEN b.units = 0 THEN 1 ELSE u.units / b.units END)) AS cents
    FROM placed p JOIN bill_units u ON u.group_id = $1 AND u.order_id = p.id
    JOIN bill_lines b ON b.group_id = $1 AND b.bill_id = u.bill_id AND b.position = u.position
    JOIN bills c ON c.group_id = $1 AND c.id = u.bill_id AND {_COUNTS} GROUP BY 1, 2)
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
WITH placed AS (
    SELECT id, supplier_id FROM orders
    WHERE group_id = $1 AND purchase_id = $2 AND state IN ('sent', 'confirmed')
        AND ($3 OR (member_id IS NULL AND $4) OR member_id = ANY ($5::bigint[]))),
ordered AS (
    SELECT p.supplier_id, x.vat_rate, sum(x.amount_cents) AS cents, array_agg(DISTINCT x.label) AS labels
    FROM placed p JOIN order_charges x ON x.group_id = $1 AND x.order_id = p.id GROUP BY 1, 2),
counted AS (
    SELECT DISTINCT p.supplier_id, c.id, {_SIGN} AS sign FROM placed p
    JOIN bill_orders x ON x.group_id = $1 AND x.order_id = p.id
    JOIN bills c ON c.group_id = $1 AND c.id = x.bill_id AND {_COUNTS}
        AND ($3 OR (c.member_id IS NULL AND $4) OR c.member_id = ANY ($5::bigint[]))
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
SELECT b.item_id, b.vat_rate, sum(b.net_cents * {_SIGN}) AS cents
FROM bills c JOIN bill_lines b ON b.group_id = $1 AND b.bill_id = c.id
WHERE c.group_id = $1 AND c.purchase_id = $2 AND {_COUNTS} AND b.item_id IS NOT NULL GROUP BY 1, 2"""  # noqa: S608 - of texts that stand here


async def nets_by_item(session: AsyncSession, purchase_id: int) -> dict[int, dict[Fraction, Cents]]:
    """What accepted bills of a purchase ask for each item, by rate."""
    found: dict[int, dict[Fraction, Cents]] = defaultdict(dict)
    for row in await fetch(session, _ITEM_NETS, group_of(session), purchase_id):
        found[row["item_id"]][Fraction(row["vat_rate"])] = int(row["cents"])
    return found


_RATES = f"""
SELECT r.vat_rate, sum(r.base_cents * {_SIGN}) AS ht, sum(r.vat_cents * {_SIGN}) AS vat
FROM bills c JOIN bill_rates r ON r.group_id = $1 AND r.bill_id = c.id
WHERE c.group_id = $1 AND c.purchase_id = $2 AND {_COUNTS}
    AND ($3 OR (c.member_id IS NULL AND $4) OR c.member_id = ANY ($5::bigint[]))
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
    coalesce(sum(c.due_cents * {_SIGN})
        FILTER (WHERE c.state = 'accepted' AND c.replaced_by_id IS NULL), 0) AS due,
    coalesce(sum(c.due_cents * {_SIGN})
        FILTER (WHERE c.state IN ('to_check', 'disputed') AND c.currency = 'EUR'), 0) AS asked,
    min(c.due_on) FILTER (WHERE c.state IN ('to_check', 'disputed')) AS next_due
FROM bills c WHERE c.group_id = $1 AND c.purchase_id = $2
    AND ($3 OR (c.member_id IS NULL AND $4) OR c.member_id = ANY ($5::bigint[]))"""  # noqa: S608 - of texts that stand here


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
    coalesce((SELECT sum(l.quantity) FROM order_lines l
        WHERE l.group_id = $1 AND l.order_id = i.order_id AND l.item_id = i.item_id), 0) AS ordered,
    coalesce((SELECT sum(r.accepted) FROM order_lines l
        JOIN receipt_lines r ON r.group_id = $1 AND r.order_line_id = l.id
        JOIN receipts t ON t.group_id = $1 AND t.id = r.receipt_id AND t.withdrawn_at IS NULL
        WHERE l.group_id = $1 AND l.order_id = i.order_id AND l.item_id = i.item_id), 0) AS accepted,
    coalesce((SELECT sum(u.units) FROM bill_units u
        JOIN bills c ON c.group_id = $1 AND c.id = u.bill_id AND {_COUNTS}
        WHERE u.group_id = $1 AND u.order_id = i.order_id AND u.item_id = i.item_id), 0) AS invoiced
FROM order_items i JOIN orders o ON o.group_id = $1 AND o.id = i.order_id
WHERE i.group_id = $1 AND i.order_id = ANY ($2::bigint[])"""  # noqa: S608 - of texts that stand here
_PAID = """
SELECT order_id, sum(cents) AS cents FROM advances
WHERE group_id = $1 AND order_id = ANY ($2::bigint[]) GROUP BY 1"""
_MONEY = f"""
SELECT c.kind, c.ttc_cents, c.prepaid_cents * {_SIGN} AS prepaid, c.due_cents * {_SIGN} AS due,
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
    common = col(SupplierOrder.member_id).is_(None) if reach.common else false()
    seen = true() if reach.everything else or_(common, any_of(col(SupplierOrder.member_id), reach.own))
    listed = await _ORDERS_BY_NUMBER.read(
        session,
        select(col(SupplierOrder.id), col(SupplierOrder.reference), col(Supplier.name), col(Member.name))
        .join(Supplier, linked(Supplier.id, SupplierOrder.supplier_id))
        .outerjoin(Member, linked(Member.id, SupplierOrder.member_id))
        .where(and_(col(SupplierOrder.purchase_id) == purchase_id, any_of(col(SupplierOrder.state), LEFT), seen)),
        wanted,
    )
    ids = [row[0] for row in listed.items]
    tallies = await tallies_of(session, ids)
    money = await _money_of(session, ids)

    def each(row: tuple[Any, ...]) -> OrderBilled:
        id_, reference, supplier, payer = row
        return OrderBilled(id_, reference, supplier, payer or "", tallies.get(id_, ()), *money[id_])

    return listed.each(each)


async def bill_of_document(session: AsyncSession, same_as: str) -> tuple[Bill, Purchase] | None:
    """The bill that stands for this document already, with the purchase that it is of."""
    found = await session.execute(
        select(Bill, Purchase).join(Purchase, linked(Purchase.id, Bill.purchase_id)).where(col(Bill.same_as) == same_as)
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


OPEN = (BillState.TO_CHECK, BillState.DISPUTED)
"""Bills on which somebody has still to decide."""


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


async def seller_identity(session: AsyncSession, bill: Bill) -> Identity:
    """Who sent it, as the group knows it, or as its document says."""
    if bill.supplier_id is not None:
        return identity_of(await session.get_one(Supplier, (group_of(session), bill.supplier_id)))
    said = (bill.source or {}).get("seller", {})
    return Identity(*(str(said.get(name, "")) for name in ("siret", "siren", "vat", "name")))


class AdvanceShown(NamedTuple):
    id: int
    order: str
    cents: Cents
    paid_on: date
    note: str


async def advances_of(session: AsyncSession, purchase_id: int, reach: Reach) -> list[AdvanceShown]:
    """The advances that were paid, on the orders that the caller sees, as they came."""
    common = col(SupplierOrder.member_id).is_(None) if reach.common else false()
    seen = true() if reach.everything else or_(common, any_of(col(SupplierOrder.member_id), reach.own))
    rows = await session.execute(
        select(
            col(Advance.id), col(SupplierOrder.reference), col(Advance.cents), col(Advance.paid_on), col(Advance.note)
        )
        .join(SupplierOrder, linked(SupplierOrder.id, Advance.order_id))
        .where(col(SupplierOrder.purchase_id) == purchase_id, seen)
        .order_by(col(Advance.id))
        .limit(CHOSEN_AMONG)
    )
    return [AdvanceShown(*row) for row in rows]


async def purchase_of_bill(session: AsyncSession, bill_id: int) -> int | None:
    """The purchase that a bill is of."""
    found = await session.execute(select(col(Bill.purchase_id)).where(col(Bill.id) == bill_id))
    purchase_id: int | None = found.scalar_one_or_none()
    return purchase_id

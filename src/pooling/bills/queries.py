"""Reads about bills: one, those of a purchase, whose they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from pooling.allocation.allocating import sees_all_costs
from pooling.bills.models import Bill, BillLine, BillOrder, BillRate, BillState, BillUnits
from pooling.bills.permissions import Reach, sees_everything
from pooling.bills.rules import Identity, Key, LineBilled, sign_of, with_matches
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, known_id, linked
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.orders.models import Order as SupplierOrder
from pooling.purchases.models import Purchase
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier
from pooling.suppliers.numbers import french_vat_number

_NEWEST = Order(col(Bill.id), latest_first=True)
COUNTS = "c.state = 'accepted' AND c.kind <> 'prepayment' AND c.replaced_by_id IS NULL"
"""Of a bill that is called c: what it asks for counts."""
SIGN = "CASE WHEN c.kind = 'credit_note' THEN -1 ELSE 1 END"
"""Of its amounts: those of credit notes are positive."""


def identity_of(supplier: Supplier) -> Identity:
    vat = supplier.vat_number or (french_vat_number(supplier.siret) if supplier.siret else "")
    return Identity(supplier.siret or "", "", vat, supplier.name)


async def reach_of(session: AsyncSession, caller: Caller, purchase: Purchase) -> Reach:
    """Whose bills of this purchase the caller sees."""
    if sees_everything(caller, purchase):
        return Reach(everything=True, common=True, own=frozenset())
    own = caller.members_as(Role.REFERENT, Role.FINANCE)
    return Reach(everything=False, common=await sees_all_costs(session, caller, purchase.id), own=frozenset(own))


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


def within(reach: Reach, member: Mapped[int | None]) -> ColumnElement[bool]:
    """Whether the caller sees a bill, or an order, of this member; NULL: the lead's, for all."""
    if reach.everything:
        return true()
    return or_(member.is_(None) if reach.common else false(), any_of(member, reach.own))


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
    statement = _shown().where(col(Bill.purchase_id) == purchase_id, within(reach, col(Bill.member_id)))
    return (await _NEWEST.read(session, statement, wanted)).each(_as_shown)


async def all_bills(session: AsyncSession, purchase_id: int, reach: Reach) -> list[BillShown]:
    """All of them, as they came."""
    statement = (
        _shown().where(col(Bill.purchase_id) == purchase_id, within(reach, col(Bill.member_id))).order_by(col(Bill.id))
    )
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


async def bill_of_document(session: AsyncSession, same_as: str) -> tuple[Bill, Purchase] | None:
    """The bill that stands for this document already, with the purchase that it is of."""
    found = await session.execute(
        select(Bill, Purchase).join(Purchase, linked(Purchase.id, Bill.purchase_id)).where(col(Bill.same_as) == same_as)
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


OPEN = (BillState.TO_CHECK, BillState.DISPUTED)
"""Bills on which somebody has still to decide."""


async def seller_identity(session: AsyncSession, bill: Bill) -> Identity:
    """Who sent it, as the group knows it, or as its document says."""
    if bill.supplier_id is not None:
        return identity_of(await session.get_one(Supplier, (group_of(session), bill.supplier_id)))
    said = (bill.source or {}).get("seller", {})
    return Identity(*(str(said.get(name, "")) for name in ("siret", "siren", "vat", "name")))


async def purchase_of_bill(session: AsyncSession, bill_id: int) -> int | None:
    """The purchase that a bill is of."""
    found = await session.execute(select(col(Bill.purchase_id)).where(col(Bill.id) == bill_id))
    purchase_id: int | None = found.scalar_one_or_none()
    return purchase_id

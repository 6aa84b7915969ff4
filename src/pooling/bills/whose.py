"""Whose a bill is: the orders that it is for, and who pays it."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.models import Bill, BillLine, BillOrder, BillUnits
from pooling.bills.ordered import LEFT, buyers_of
from pooling.bills.permissions import may_decide_for
from pooling.bills.schemas import MOST_ORDERS
from pooling.kernel.database import insert_many
from pooling.kernel.errors import Forbidden, Invalid
from pooling.kernel.tables import any_of
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.orders.models import Order as SupplierOrder
from pooling.purchases.models import Purchase


class Where(NamedTuple):
    """The orders that a bill is for, and who pays it (None: the lead)."""

    orders: Sequence[int] = ()
    member_id: int | None = None
    supplier_id: int | None = None
    """Of the orders."""


async def find_payer(
    session: AsyncSession, caller: Caller, purchase: Purchase, orders: Sequence[int], *, buyer_siren: str = ""
) -> Where:
    """Who pays: whoever ordered; without an order, the member that orders itself and is named as the buyer, or whose
    finance notes the bill.

    Raises:
        Forbidden: the caller decides on no bill of theirs.
        Invalid: as `find_orders`.
    """
    if orders:
        where = await find_orders(session, purchase.id, orders)
    else:
        payers = await _payers(session, caller, purchase, buyer_siren)
        where = Where(member_id=payers[0] if len(payers) == 1 else None)
    if not may_decide_for(caller, purchase, where.member_id):
        raise Forbidden("Cette facture est celle d’un autre membre : son service financier la dépose.")
    return where


async def find_orders(session: AsyncSession, purchase_id: int, orders: Sequence[int]) -> Where:
    """One member pays one bill: of orders of several, that is the lead.

    Raises:
        Invalid: the purchase has no such order that has left; they are several suppliers'; they are too many.
    """
    wanted = set(orders)
    if len(wanted) > MOST_ORDERS:
        raise Invalid({"order": f"Une facture se rattache à {MOST_ORDERS} commandes au plus."})
    rows = await session.execute(
        select(col(SupplierOrder.id), col(SupplierOrder.member_id), col(SupplierOrder.supplier_id))
        .where(
            col(SupplierOrder.purchase_id) == purchase_id,
            any_of(col(SupplierOrder.state), LEFT),
            any_of(col(SupplierOrder.id), list(wanted)),
        )
        .order_by(col(SupplierOrder.number))
    )
    found = rows.all()
    if len(found) != len(wanted):
        raise Invalid({"order": "Choisissez une commande envoyée de cet achat."})
    members, suppliers = ({row[place] for row in found} for place in (1, 2))
    if len(suppliers) != 1:
        raise Invalid({"order": "Ces commandes sont de fournisseurs différents : une facture est d’un seul."})
    member_id = members.pop() if len(members) == 1 else None
    return Where([row[0] for row in found], member_id, suppliers.pop())


async def link_orders(session: AsyncSession, bill: Bill, orders: Sequence[int]) -> None:
    """Links it to these orders and to no other; what its lines are for goes with those that it had."""
    await session.execute(delete(BillUnits).where(col(BillUnits.bill_id) == bill.id))
    await session.execute(update(BillLine).where(col(BillLine.bill_id) == bill.id).values(item_id=None))
    await session.execute(delete(BillOrder).where(col(BillOrder.bill_id) == bill.id))
    await insert_many(session, BillOrder, [{"bill_id": bill.id, "order_id": order_id} for order_id in orders])


async def _payers(session: AsyncSession, caller: Caller, purchase: Purchase, buyer_siren: str) -> list[int]:
    """Members that order themselves, of which one may pay this bill."""
    if buyer_siren:
        named = await session.execute(
            select(col(Member.id)).where(col(Member.code) == buyer_siren, col(Member.retired_on).is_(None))
        )
        found = await buyers_of(session, purchase.id, list(named.scalars()))
        if found:
            return sorted(found)
    if may_decide_for(caller, purchase, None):
        return []
    return sorted(await buyers_of(session, purchase.id, caller.members_as(Role.FINANCE)))


def check_supplier(where: Where, supplier_id: int) -> None:
    if where.orders and where.supplier_id != supplier_id:
        raise Invalid({"order": "Cette commande est d’un autre fournisseur."})

"""Deciding on a bill: its supplier, its orders, what lines are for; accepting, disputing, rejecting, taking back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.comparing import Code, Difference, needs_reason
from pooling.bills.keeping import check_seen, lock_for_bills, require_open
from pooling.bills.matching import keep_matches, match_again
from pooling.bills.models import Advance, Bill, BillState
from pooling.bills.ordered import differences_of, orders_named, orders_of_bill, replaced_by
from pooling.bills.permissions import may_decide, may_decide_for
from pooling.bills.queries import billed_lines, lock_bill
from pooling.bills.rules import BILL, assign
from pooling.bills.schemas import LARGEST_CENTS
from pooling.bills.whose import find_orders, link_orders
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.members.rights import Caller
from pooling.suppliers.keeping import find_supplier

SAY_WHY = {
    BillState.ACCEPTED: "Dites pourquoi vous l’acceptez malgré ce qui diffère : votre raison reste au journal.",
    BillState.DISPUTED: "Dites ce que vous contestez : le fournisseur doit pouvoir le corriger.",
    BillState.REJECTED: "Dites pourquoi cette facture est refusée.",
}
UNLINKED = Difference(
    Code.UNLINKED, "error", "Cette facture n’est rattachée à aucune commande : rien ne dit qu’elle est due."
)


async def lock_to_decide(
    session: AsyncSession, caller: Caller, purchase_id: int, bill_id: int, seen: int | None
) -> Bill:
    """The bill, locked, for who decides on it.

    Raises:
        Forbidden: that is not the caller.
        NotFound: the purchase has no such bill.
        Conflict: the purchase is over.
        ChangedMeanwhile: the bill is not the version that was `seen`.
    """
    purchase = await lock_for_bills(session, purchase_id)
    bill = await lock_bill(session, purchase_id, bill_id)
    may_decide.require(caller, purchase, bill)
    check_seen(bill, seen)
    return bill


async def name_supplier(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    supplier_id: int,
    now: datetime,
    *,
    seen: int | None = None,
) -> Bill:
    """Says who sent it.

    Raises:
        As `lock_to_decide`; Invalid: it is linked to orders of another supplier.
    """
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    require_open(bill)
    supplier = await find_supplier(session, supplier_id)
    if bill.supplier_id != supplier.id:
        if await orders_of_bill(session, bill.id):
            raise Invalid({"supplier": "Cette facture est rattachée à une commande d’un autre : détachez-la d’abord."})
        bill.supplier_id = supplier.id
        bill.version += 1
        _tell(session, caller, bill, now, "bill.supplier_named", supplier=supplier.name)
    return bill


async def link_bill(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    orders: Sequence[int],
    now: datetime,
    *,
    seen: int | None = None,
) -> Bill:
    """Links it to orders of the purchase, or to none, and matches its lines anew.

    Raises:
        As `lock_to_decide`.
        Invalid: no such order has left, or they are another supplier's.
        Conflict: it is decided, or not in euros.
    """
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    require_open(bill)
    if bill.currency != "EUR":
        raise Conflict(f"Cette facture est en {bill.currency} : elle n’est rapprochée d’aucune commande.")
    if set(orders) == {order.id for order in await orders_of_bill(session, bill.id)}:
        return bill
    if orders:
        where = await find_orders(session, purchase_id, orders)
        if bill.supplier_id is not None and where.supplier_id != bill.supplier_id:
            raise Invalid({"order": "Cette commande est d’un autre fournisseur que la facture."})
        purchase = await lock_for_bills(session, purchase_id)
        if not may_decide_for(caller, purchase, where.member_id):
            raise Forbidden
        bill.member_id, bill.supplier_id = where.member_id, where.supplier_id
    await link_orders(session, bill, orders)
    bill.version += 1
    await match_again(session, bill, {})
    named = [order.reference for order in await orders_of_bill(session, bill.id)]
    _tell(session, caller, bill, now, "bill.linked" if orders else "bill.unlinked", orders=named)
    return bill


async def match_lines(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    matches: Mapping[int, int | None],
    now: datetime,
    *,
    seen: int | None = None,
) -> Bill:
    """Says for which item each line is, by its position; None: for none.

    Raises:
        As `lock_to_decide`.
        Invalid: the orders have no such item.
        Conflict: it is decided, or linked to no order.
    """
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    require_open(bill)
    _, items = await differences_of(session, bill)
    if not items:
        raise Conflict("Rattachez d’abord la facture à une commande.", code="bill_unlinked")
    known = {item.item_id for item in items}
    if wrong := {
        f"line-{place}": "Choisissez un article." for place, item in matches.items() if item and item not in known
    }:
        raise Invalid(wrong)
    lines = await billed_lines(session, bill.id)
    meant = ((line, matches.get(line.position, line.item_id)) for line in lines)
    changed = {line.position: item_id for line, item_id in meant if item_id != line.item_id}
    if changed:
        await keep_matches(session, bill, assign(lines, changed, items))
        bill.version += 1
        _tell(session, caller, bill, now, "bill.matched")
    return bill


async def all_differences(session: AsyncSession, bill: Bill) -> list[Difference]:
    """What differs as things stand, also that it has no order although its purchase has some."""
    found, items = await differences_of(session, bill)
    if not items and (await orders_named(session, bill.purchase_id, ()))[1]:
        found.append(UNLINKED)
    return found


def doubtful(bill: Bill) -> bool:
    """Whether its document itself has something wrong."""
    return any(finding["severity"] == "error" for finding in bill.findings)


async def accept_bill(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    now: datetime,
    *,
    reason: str = "",
    seen: int | None = None,
) -> Bill:
    """Accepts it: it counts from now on. Twice the same is once.

    Raises:
        As `lock_to_decide`.
        Conflict: its supplier is not known, it is not in euros, its rates are not complete.
        Invalid: something differs, and no reason is given.
    """
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    if bill.state == BillState.ACCEPTED:
        return bill
    BILL.require(bill.state, BillState.ACCEPTED)
    differences = await all_differences(session, bill)
    _require_acceptable(bill, differences)
    if not reason and (doubtful(bill) or needs_reason(differences)):
        raise Invalid({"reason": SAY_WHY[BillState.ACCEPTED]})
    if numbers := replaced_by(bill):
        await session.execute(
            update(Bill)
            .where(
                col(Bill.purchase_id) == purchase_id,
                col(Bill.supplier_id) == bill.supplier_id,
                any_of(col(Bill.number), numbers),
                col(Bill.id) != bill.id,
            )
            .values(replaced_by_id=bill.id, version=col(Bill.version) + 1)
        )
    told = [one.message for one in differences if one.severity == "error"]
    told += [finding["message"] for finding in bill.findings if finding["severity"] == "error"]
    _decide(session, caller, bill, BillState.ACCEPTED, reason, now, differences=told)
    return bill


def _require_acceptable(bill: Bill, differences: Sequence[Difference]) -> None:
    if bill.supplier_id is None:
        raise Conflict("Dites d’abord quel fournisseur a envoyé cette facture.", code="bill_supplier_unknown")
    if bill.currency != "EUR":
        raise Conflict(f"Cette facture est en {bill.currency} : demandez-la en euros.", code="bill_currency")
    if incomplete := next((one for one in differences if one.code is Code.INCOMPLETE), None):
        raise Conflict(incomplete.message, code="bill_incomplete")


async def dispute_bill(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    now: datetime,
    *,
    reason: str,
    seen: int | None = None,
) -> Bill:
    """Keeps it open and says what is wrong, which may be said otherwise later. Raises as `lock_to_decide`."""
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    _require_reason(reason, BillState.DISPUTED)
    if bill.state == BillState.DISPUTED:
        if bill.reason != reason:
            bill.reason = reason
            bill.version += 1
            _tell(session, caller, bill, now, "bill.disputed", reason=reason)
        return bill
    _decide(session, caller, bill, BillState.DISPUTED, reason, now)
    return bill


async def reject_bill(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    now: datetime,
    *,
    reason: str,
    seen: int | None = None,
) -> Bill:
    """Refuses it for good: it counts for nothing. Raises as `lock_to_decide`."""
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    _require_reason(reason, BillState.REJECTED)
    if bill.state != BillState.REJECTED:
        _decide(session, caller, bill, BillState.REJECTED, reason, now)
    return bill


async def take_back(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    bill_id: int,
    now: datetime,
    *,
    reason: str = "",
    seen: int | None = None,
) -> Bill:
    """Makes it to be checked again, whatever was decided. What it replaced counts again. Raises as `lock_to_decide`."""
    bill = await lock_to_decide(session, caller, purchase_id, bill_id, seen)
    if bill.state == BillState.TO_CHECK:
        return bill
    await session.execute(
        update(Bill)
        .where(col(Bill.replaced_by_id) == bill.id)
        .values(replaced_by_id=None, version=col(Bill.version) + 1)
    )
    _decide(session, caller, bill, BillState.TO_CHECK, reason, now, name="taken_back")
    return bill


def _require_reason(reason: str, state: BillState) -> None:
    if not reason:
        raise Invalid({"reason": SAY_WHY[state]})


def _decide(
    session: AsyncSession,
    caller: Caller,
    bill: Bill,
    state: BillState,
    reason: str,
    now: datetime,
    *,
    name: str = "",
    differences: Sequence[str] = (),
) -> None:
    details: dict[str, Any] = {"purchase_id": bill.purchase_id, "ttc_cents": bill.ttc_cents}
    if differences:
        details["differences"] = list(differences)
    BILL.move(session, bill, state, at=now, person_id=caller.person_id, name=name, reason=reason, details=details)
    ends = state in {BillState.ACCEPTED, BillState.REJECTED}
    bill.decided_at, bill.decided_by = (now, caller.person_id) if ends else (None, None)
    bill.reason = reason
    bill.version += 1


async def note_advance(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    order_id: int,
    cents: int,
    paid_on: date,
    now: datetime,
    *,
    note: str = "",
) -> Advance:
    """Notes an advance that was paid on an order (CCP R2191-3), in cents with VAT.

    Raises:
        Forbidden: the caller does not pay this order.
        Invalid: no amount, or no such order.
        Conflict: the purchase is over.
    """
    purchase = await lock_for_bills(session, purchase_id)
    where = await find_orders(session, purchase_id, [order_id])
    if not may_decide_for(caller, purchase, where.member_id):
        raise Forbidden
    if not 0 < cents <= LARGEST_CENTS:
        raise Invalid({"cents": "Indiquez le montant versé, en euros."})
    advance = Advance(
        group_id=group_of(session),
        order_id=order_id,
        cents=cents,
        paid_on=paid_on,
        note=note,
        noted_at=now,
        noted_by=caller.person_id,
    )
    session.add(advance)
    _of_order(session, caller, purchase_id, order_id, now, "bill.advance_paid", cents)
    return advance


async def forget_advance(
    session: AsyncSession, caller: Caller, purchase_id: int, advance_id: int, now: datetime
) -> None:
    """Takes away an advance that was noted by mistake. Raises as `note_advance`; NotFound: there is none such."""
    purchase = await lock_for_bills(session, purchase_id)
    advance = await session.get(Advance, (group_of(session), advance_id))
    if advance is None:
        raise NotFound
    where = await find_orders(session, purchase_id, [advance.order_id])
    if not may_decide_for(caller, purchase, where.member_id):
        raise Forbidden
    await session.delete(advance)
    _of_order(session, caller, purchase_id, advance.order_id, now, "bill.advance_forgotten", advance.cents)


def _of_order(
    session: AsyncSession, caller: Caller, purchase_id: int, order_id: int, now: datetime, name: str, cents: int
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=name,
        details={"order_id": order_id, "cents": cents},
    )


def _tell(
    session: AsyncSession,
    caller: Caller,
    bill: Bill,
    now: datetime,
    name: str,
    *,
    reason: str | None = None,
    **details: Any,  # noqa: ANN401 - what the event keeps
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("bill", bill.id),
        name=name,
        reason=reason,
        details={"purchase_id": bill.purchase_id, **details},
    )

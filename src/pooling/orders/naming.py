"""Naming suppliers where no quote says it: from whom items are ordered, and who invoices charges."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, linked
from pooling.members.rights import Caller
from pooling.orders.charging import charges_shown
from pooling.orders.making import lock_ordering
from pooling.orders.models import Order, OrderItem
from pooling.orders.rules import LEFT
from pooling.purchases.finding import item_ids
from pooling.quotes.models import Award
from pooling.suppliers.models import Supplier

_REPLACE = """ON CONFLICT (group_id, purchase_id, item_id) DO UPDATE SET supplier_id = excluded.supplier_id,
    quote_id = NULL,
    chosen_at = excluded.chosen_at, chosen_by = excluded.chosen_by, reason = excluded.reason"""


async def name_suppliers(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    named: Mapping[str, int],
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """Says from which supplier, by its id, items are ordered, by their codes; of others nothing changes. Drafts are as
    they were until orders are made again.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the purchase is not closed yet, or already delivered; an item is ordered from another one already.
        Invalid: an item of another purchase, a supplier that the group has not or no longer proposes; at the item's
            code.
    """
    purchase = await lock_ordering(session, caller, purchase_id)
    items = await item_ids(session, purchase_id)
    suppliers = await proposed_suppliers(session, list(named.values()))
    errors = {code: "Cet achat n’a pas d’article de ce code." for code in named if code not in items} | {
        code: "Choisissez un fournisseur que le groupe propose." for code, one in named.items() if one not in suppliers
    }
    if errors:
        raise Invalid(errors)
    before = await awarded(session, purchase_id)
    changed = {code: one for code, one in named.items() if before.get(items[code]) != one}
    if not changed:
        return
    ordered = await _ordered(session, purchase_id, [items[code] for code in changed])
    if ordered:
        raise Conflict(f"Déjà commandés à un autre fournisseur : {enumerated(ordered)}.", code="already_ordered")
    rows = [
        {
            "purchase_id": purchase_id,
            "item_id": items[code],
            "supplier_id": supplier,
            "chosen_at": now,
            "chosen_by": caller.person_id,
            "reason": reason,
        }
        for code, supplier in changed.items()
    ]
    await insert_many(session, Award, rows, on_conflict=_REPLACE)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name="orders.suppliers_named",
        reason=reason or None,
        details={
            "before": {code: _called(suppliers, before.get(items[code])) for code in changed},
            "after": {code: suppliers[one] for code, one in changed.items()},
        },
    )


_UNNAME = "DELETE FROM charge_suppliers WHERE group_id = :group AND charge_id = ANY (:charges)"
_NAME = """INSERT INTO charge_suppliers (group_id, charge_id, supplier_id) SELECT :group, charge_id, supplier_id
    FROM unnest(CAST(:charges AS bigint[]), CAST(:suppliers AS bigint[])) AS named (charge_id, supplier_id)
    WHERE supplier_id IS NOT NULL"""


async def name_invoicers(
    session: AsyncSession, caller: Caller, purchase_id: int, named: Mapping[str, int | None], now: datetime
) -> None:
    """Says which supplier, by its id, invoices charges, by their codes; None: no supplier does. Of others nothing
    changes. Drafts are as they were until orders are made again.

    Raises:
        Forbidden, Conflict: as `lock_ordering`.
        Invalid: a charge of another purchase, or of a quote that says it; a supplier that the group does not propose;
            at the charge's code.
    """
    await lock_ordering(session, caller, purchase_id)
    charges = {one.code: one for one in await charges_shown(session, purchase_id) if not one.quoted}
    suppliers = await proposed_suppliers(session, [one for one in named.values() if one is not None])
    errors = {code: "Cet achat n’a pas de frais de ce code à facturer." for code in named if code not in charges} | {
        code: "Choisissez un fournisseur que le groupe propose."
        for code, one in named.items()
        if one is not None and one not in suppliers
    }
    if errors:
        raise Invalid(errors)
    changed = {code: one for code, one in named.items() if charges[code].supplier_id != one}
    if not changed:
        return
    of_them = {"group": group_of(session), "charges": [charges[code].id for code in changed]}
    await session.execute(text(_UNNAME), of_them)
    await session.execute(text(_NAME), {**of_them, "suppliers": list(changed.values())})
    before = await proposed_suppliers(session, [one for code in changed if (one := charges[code].supplier_id)])
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="orders.invoicers_named",
        details={
            "before": {charges[code].label: _called(before, charges[code].supplier_id) for code in changed},
            "after": {charges[code].label: _called(suppliers, one) for code, one in changed.items()},
        },
    )


def _called(known: Mapping[int, str], supplier_id: int | None) -> str:
    return "" if supplier_id is None else known.get(supplier_id, "un autre fournisseur")


async def proposed_suppliers(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    """Those of these that are proposed, by their ids."""
    rows = await session.execute(
        select(col(Supplier.id), col(Supplier.name)).where(
            any_of(col(Supplier.id), sorted(set(ids))),
            col(Supplier.archived_at).is_(None),
        )
    )
    return {supplier_id: name for supplier_id, name in rows}


async def awarded(session: AsyncSession, purchase_id: int) -> dict[int, int]:
    rows = await session.execute(
        select(col(Award.item_id), col(Award.supplier_id)).where(col(Award.purchase_id) == purchase_id)
    )
    return {item_id: supplier_id for item_id, supplier_id in rows}


async def _ordered(session: AsyncSession, purchase_id: int, items: list[int]) -> list[str]:
    """Names of those of these items that are in an order that has left."""
    rows = await session.execute(
        select(col(OrderItem.name))
        .join(Order, linked(Order.id, OrderItem.order_id))
        .where(col(Order.purchase_id) == purchase_id, col(Order.state).in_(LEFT), any_of(col(OrderItem.item_id), items))
        .order_by(col(OrderItem.name))
        .distinct()
    )
    return list(rows.scalars())

"""Charges that suppliers invoice: who does, and how much of each stands on which order.

A delivery that comes with a quote is its supplier's; of the others the lead buyer says it. An order of the lead has a
charge whole, that of a member what this member bears of it, so that orders and shares tie to the cent.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import allocate_purchase
from pooling.kernel.database import fetch, group_of
from pooling.sharing.money import Cents

_CHARGES = """
SELECT c.id, c.code, c.label, c.amount_cents, c.vat_rate, COALESCE(q.supplier_id, s.supplier_id) AS supplier_id,
    q.supplier_id IS NOT NULL AS quoted
FROM charges c
LEFT JOIN quotes q ON q.group_id = c.group_id AND q.purchase_id = c.purchase_id AND q.charge_code = c.code
LEFT JOIN charge_suppliers s ON s.group_id = c.group_id AND s.charge_id = c.id
WHERE c.group_id = $1 AND c.purchase_id = $2
ORDER BY c.id"""


class ChargeShown(NamedTuple):
    """A charge of a purchase, and who invoices it."""

    id: int
    code: str
    label: str
    amount_cents: Cents | None
    """None: a percent of what items come to."""
    vat_rate: Decimal
    supplier_id: int | None
    """None: no supplier."""
    quoted: bool
    """Its quote says so: nobody says otherwise."""


async def charges_shown(session: AsyncSession, purchase_id: int) -> Sequence[ChargeShown]:
    return [ChargeShown(*row) for row in await fetch(session, _CHARGES, group_of(session), purchase_id)]


class Charged(NamedTuple):
    """How much of a charge one order is to say."""

    supplier_id: int
    buyer_id: int | None
    position: int
    code: str
    label: str
    amount_cents: Cents
    vat_rate: Decimal


async def charges_to_order(session: AsyncSession, purchase_id: int, *, each_buys: bool) -> list[Charged]:
    """What suppliers will invoice beside items. Who bears how much is asked of the rule only where that matters.

    Raises:
        Conflict: the rule refuses the purchase's charges.
    """
    invoiced = [one for one in await charges_shown(session, purchase_id) if one.supplier_id is not None]
    if not invoiced:
        return []
    if not each_buys and all(one.amount_cents is not None for one in invoiced):
        return [_charged(one, place, None, one.amount_cents or 0) for place, one in enumerate(invoiced)]
    shared = await allocate_purchase(session, purchase_id, "")
    if each_buys:
        return [
            _charged(one, place, shared.members[member.result.id], cents)
            for place, one in enumerate(invoiced)
            for member in shared.result.members
            if (cents := member.result.charges.get(one.code, 0))
        ]
    totals = {line.id: line.total for line in shared.result.lines}
    return [_charged(one, place, None, totals[one.code]) for place, one in enumerate(invoiced)]


def _charged(one: ChargeShown, place: int, buyer_id: int | None, cents: Cents) -> Charged:
    assert one.supplier_id is not None, "others are left out"
    return Charged(one.supplier_id, buyer_id, place, one.code, one.label, cents, one.vat_rate)

"""Where the mandate stops at the procedure each member signs and executes its own contract, of what it orders: it is
the buyer of that contract, and publishes its essential data.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import own_codes, sees_all_costs
from pooling.allocation.filing import identities_of
from pooling.conventions.parties import Party, read_parties
from pooling.kernel.database import fetch, group_of
from pooling.members.rights import Caller
from pooling.open_data.contracts import Contract
from pooling.open_data.decp import faults_of, written
from pooling.procurement.models import Mandate, ProcurementPlan
from pooling.purchases.models import Purchase
from pooling.sharing.money import Cents

# By who buys; each item of an order is rounded by itself, as the order is.
_ORDERED = """
SELECT m.code, o.supplier_id, COALESCE(l.number, 0) AS lot, sum(round(t.unit_price * n.units * 100))::bigint AS cents
FROM orders o
JOIN members m ON m.group_id = o.group_id AND m.id = o.member_id
JOIN order_items t ON t.group_id = o.group_id AND t.order_id = o.id
JOIN items i ON i.group_id = t.group_id AND i.id = t.item_id
LEFT JOIN lots l ON l.group_id = i.group_id AND l.id = i.lot_id
JOIN LATERAL (
    SELECT sum(quantity) AS units FROM order_lines
    WHERE group_id = t.group_id AND order_id = t.order_id AND item_id = t.item_id
) n ON n.units > 0
WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state <> 'cancelled'
GROUP BY m.code, o.supplier_id, l.number"""


@dataclass(frozen=True)
class Signed:
    """What one member orders of a contract."""

    party: Party
    contract: Contract
    siret: str
    """Empty: nobody said it."""
    amount: Cents
    """Before VAT."""

    def data(self, on: date) -> dict[str, Any] | None:
        """In the State's format, of this member as the buyer; None until somebody said what is asked."""
        if self.contract.said is None:
            return None
        known = replace(self.contract.known, buyer=self.siret, amount=self.amount)
        return written(known, self.contract.said.model_copy(update={"amount_cents": None}), on)

    def lacking(self, on: date) -> list[str]:
        """As of the contract."""
        data = self.data(on)
        return ["dateNotification"] if data is None else faults_of(data)


def each_signs(plan: ProcurementPlan) -> bool:
    return plan.mandate == Mandate.PROCEDURE_ONLY


async def signed_by(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    contracts: Sequence[Contract],
    *,
    most: int | None = None,
    among: Collection[str] | None = None,
) -> list[Signed]:
    """Each member's contracts, in the order of members, of those of whom the caller sees the share: of all, of the
    first `most`, or of those `among` these SIREN.
    """
    amounts = await _amounts(session, purchase.id)
    if not amounts:
        return []
    only = None if await sees_all_costs(session, caller, purchase.id) else await own_codes(session, caller)
    parties = [
        party
        for party in (await read_parties(session, purchase, most=most, among=among)).named
        if only is None or not party.codes.isdisjoint(only)
    ]
    identities = await identities_of(session, {party.siren for party in parties})
    found = []
    for party in parties:
        for contract in contracts:
            cents = sum(amounts.get((code, contract.supplier_id, contract.lot), 0) for code in party.codes)
            if cents:
                known = identities.get(party.siren)
                found.append(Signed(party, contract, known.siret if known else "", cents))
    return found


async def _amounts(session: AsyncSession, purchase_id: int) -> Mapping[tuple[str, int, int], Cents]:
    rows = await fetch(session, _ORDERED, group_of(session), purchase_id)
    return {(row["code"], row["supplier_id"], row["lot"]): row["cents"] for row in rows}

"""What members bear of charges, beside what their own orders say of them, and making it the same again.

An order says what its buyer bears of a delivery on the day when it is made. Where that goes by amount, units that are
refused later move everybody's part, and suppliers have invoiced the old ones.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import charges_of
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import read_last_known
from pooling.allocation.editing.lines import CHARGES, change_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.allocation.models import Charge
from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.doubts import Insistence
from pooling.kernel.errors import Conflict
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.sharing.money import Cents
from pooling.web.typography import euros

_ORDERED = """
SELECT x.code, x.vat_rate, m.code AS member, sum(x.amount_cents) AS cents
FROM orders o JOIN order_charges x ON x.group_id = $1 AND x.order_id = o.id
JOIN members m ON m.group_id = $1 AND m.id = o.member_id
WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state <> 'cancelled' AND ($3::text[] IS NULL OR m.code = ANY ($3))
GROUP BY 1, 2, 3 ORDER BY 1, 3"""
REASON = "Parts que disent les commandes des membres"


class Moved(NamedTuple):
    """A charge of which a member bears something else than its order says; in cents before VAT."""

    code: str
    label: str
    vat_rate: Decimal
    member: str
    """The first of them, by its code."""
    ordered: Cents
    shared: Cents


async def _ordered(
    session: AsyncSession, purchase_id: int, only: Collection[str] | None = None
) -> Mapping[str, Mapping[str, Cents]]:
    """What the orders of members say of each charge, by its code, for each, by theirs."""
    members = None if only is None else list(only)
    found: dict[str, dict[str, Cents]] = defaultdict(dict)
    for row in await fetch(session, _ORDERED, group_of(session), purchase_id, members):
        found[row["code"]][row["member"]] = int(row["cents"])
    return found


async def moved_charges(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, members: Sequence[str]
) -> list[Moved]:
    """The charges that moved since these members' orders were made.

    Raises:
        Unavailable: as `read_last_known`.
    """
    ordered = await _ordered(session, purchase_id, members)
    if not ordered:
        return []
    _, stated = await read_last_known(session, purchase_id, finance, members)
    shared = {member.result.id: member.result.charges for member in stated.result.members}
    charges = {charge.code: charge for charge in await charges_of(session, purchase_id)}
    found = []
    for code, parts in ordered.items():
        charge = charges.get(code)
        pairs = ((member, cents, shared.get(member, {}).get(code, 0)) for member, cents in parts.items())
        first = next((pair for pair in pairs if pair[1] != pair[2]), None)
        if first is not None and charge is not None and charge.paid_by is None:
            found.append(Moved(code, charge.label, charge.vat_rate, *first))
    return found


async def share_as_ordered(session: AsyncSession, caller: Caller, purchase_id: int, code: str, clock: Clock) -> Charge:
    """Shares a charge as the orders of members say it, to the cent: their amounts are its key, their sum its amount.

    Raises:
        Forbidden, Conflict: as `change_line`.
        Conflict: the purchase has no such charge by now, no order of a member says anything of it, or orders say
            another amount of it than is shared.
    """
    await lock_purchase(session, purchase_id)
    parts = (await _ordered(session, purchase_id)).get(code, {})
    charge = next((one for one in await charges_of(session, purchase_id) if one.code == code), None)
    total = sum(parts.values())
    if charge is None or not total:
        raise Conflict("Ces frais ne sont plus de ceux que disent les commandes des membres : relisez « Factures ».")
    if charge.amount_cents not in (None, total):
        said = f"Les commandes disent {euros(total)} de ces frais, {euros(charge.amount_cents or 0)} sont répartis"
        raise Conflict(f"{said} : corrigez d’abord leur montant, ou refaites les commandes qui manquent.")
    weights = {member: str(abs(cents)) for member, cents in parts.items() if cents}
    wanted = ChargeIn(
        label=charge.label,
        amount_cents=total,
        vat_rate=charge.vat_rate,
        key={"weights": weights},
        fctva=charge.fctva,
    )
    whose = (session, caller, purchase_id, CHARGES, code)
    return await change_line(*whose, wanted, clock, reason=REASON, insistence=Insistence(REASON))

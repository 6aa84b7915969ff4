"""Which supplier sells what of an allocation: kept with a record, and what each member owes to which of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import Booking
from pooling.kernel.database import fetch, group_of
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import StatedLine

_SUPPLYING = """
SELECT v.kind, v.code, v.supplier_id, s.name, COALESCE(s.siret, '') AS siret
FROM supplying v JOIN suppliers s ON s.group_id = v.group_id AND s.id = v.supplier_id
WHERE v.group_id = $1 AND v.purchase_id = $2 ORDER BY v.kind, v.code"""
_INVOICING = """
SELECT COALESCE(m.code, '') AS member, v.supplier_id, s.name, COALESCE(s.siret, '') AS siret, v.cents
FROM invoicing v
JOIN suppliers s ON s.group_id = v.group_id AND s.id = v.supplier_id
LEFT JOIN members m ON m.group_id = v.group_id AND m.id = v.member_id
WHERE v.group_id = $1 AND v.purchase_id = $2"""


class Seller(NamedTuple):
    """A supplier, as it was called."""

    name: str
    siret: str = ""


@dataclass(frozen=True)
class Supplying:
    """Who sells what, by the ids of suppliers. Awards, quotes and bills belong to features that know this one: the
    views `supplying` and `invoicing` tell of them.
    """

    items: Mapping[str, int] = field(default_factory=dict)
    """By the item's code."""
    charges: Mapping[str, int] = field(default_factory=dict)
    """By the charge's; those that some supplier invoices."""
    named: Mapping[int, Seller] = field(default_factory=dict)

    def of(self, line: StatedLine) -> int:
        """The supplier of a line; the only one that there is where nobody said; else 0."""
        known = {LineKind.ITEM: self.items, LineKind.CHARGE: self.charges}.get(line.kind, {}).get(line.id, 0)
        return known or (next(iter(self.named)) if len(self.named) == 1 else 0)

    def to_json(self) -> dict[str, Any]:
        """As a record keeps it."""
        named = {str(supplier): list(seller) for supplier, seller in self.named.items()}
        return {"items": dict(self.items), "charges": dict(self.charges), "named": named}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        named = {int(supplier): Seller(*seller) for supplier, seller in kept["named"].items()}
        return cls(kept["items"], kept["charges"], named)


Invoiced = Mapping[str, Mapping[int, Cents]]
"""What suppliers ask for by accepted bills, by the code of who is asked (empty: the lead, for everybody)."""


async def supplying_of(session: AsyncSession, purchase_id: int) -> tuple[Supplying, Invoiced]:
    """As it stands."""
    given = (group_of(session), purchase_id)
    sold, asked = await fetch(session, _SUPPLYING, *given), await fetch(session, _INVOICING, *given)
    by_kind: dict[str, dict[str, int]] = {"item": {}, "charge": {}}
    for row in sold:
        by_kind[row["kind"]][row["code"]] = row["supplier_id"]
    invoiced: dict[str, dict[int, Cents]] = defaultdict(dict)
    for row in asked:
        invoiced[row["member"]][row["supplier_id"]] = row["cents"]
    named = {row["supplier_id"]: Seller(row["name"], row["siret"]) for row in (*sold, *asked)}
    return Supplying(by_kind["item"], by_kind["charge"], named), invoiced


def parts_by_supplier(
    stated: StatedPurchase, supplying: Supplying, invoiced: Invoiced, owed: Mapping[str, Cents], *, each_pays: bool
) -> dict[str, dict[int, Cents]]:
    """What each of those who owe suppliers (`owed`, all of them together) owes to which. What accepted bills ask for,
    where they are all that it owes; else by its lines, with VAT.
    """
    found: dict[str, dict[int, Cents]] = {}
    for debtor, cents in owed.items():
        asked = invoiced.get(debtor if each_pays else "", {})
        if asked and sum(asked.values()) == cents:
            found[debtor] = dict(asked)
    missing = owed.keys() - found.keys()
    if missing and len(supplying.named) == 1:
        only = next(iter(supplying.named))
        found |= {debtor: {only: owed[debtor]} for debtor in missing}
    elif missing and supplying.named:
        for debtor, supplier, cents in _by_lines(stated, supplying, each_pays=each_pays, lead=next(iter(owed))):
            if debtor in missing:
                mine = found.setdefault(debtor, {})
                mine[supplier] = mine.get(supplier, 0) + cents
    return found


def _by_lines(
    stated: StatedPurchase, supplying: Supplying, *, each_pays: bool, lead: str
) -> Iterator[tuple[str, int, Cents]]:
    lines = stated.result.lines
    suppliers = [
        None if line.id in stated.paid_by and line.kind is LineKind.CHARGE else supplying.of(line) for line in lines
    ]
    booking = Booking(stated.result, {})
    for member in stated.result.members:
        debtor = member.result.id if each_pays else lead
        for share, vat in booking.taxed(member):
            supplier = suppliers[share.line]
            if supplier is not None:
                yield debtor, supplier, share.cents + vat

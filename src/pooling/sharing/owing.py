"""Who owes whom, of what was shared: to suppliers what they invoice, where each member pays them, or else to the one
that pays for all; what somebody paid apart, always to whoever paid it. What all owe is what all paid.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing.money import Cents
from pooling.sharing.tying import charge_vat
from pooling.sharing.vat import computed_vat

SUPPLIERS = ""
"""In the place of a creditor: those who sell."""
BILLS = ""
"""In the place of a charge: what suppliers invoice."""


class Debt(NamedTuple):
    """So many cents, VAT included. Negative: it is given back."""

    debtor: str
    creditor: str
    what: str
    """The charge, or `BILLS`."""
    cents: Cents
    supplier: int = 0
    """The id of the one among suppliers; 0: nobody said which."""


@dataclass(frozen=True)
class PaidApart:
    """A charge that a member paid, on no bill, and what each bears of it before VAT, in the order of members."""

    id: str
    payer: str
    vat_rate: Fraction
    shares: Sequence[Cents]

    @property
    def with_vat(self) -> Sequence[Cents]:
        """The same with VAT, which is rounded once for all: together they are what was paid."""
        vat = computed_vat(self.vat_rate, self.shares).cents
        return [share + tax for share, tax in zip(self.shares, vat, strict=True)]

    @property
    def paid(self) -> Cents:
        total = sum(self.shares)
        return total + charge_vat(total, self.vat_rate)


def debts(
    members: Sequence[str], ttc: Sequence[Cents], apart: Iterable[PaidApart], *, lead: str, each_pays: bool
) -> list[Debt]:
    """By member in their order, what it owes for suppliers' bills, then for each charge. Who paid a charge owes nothing
    for it; who pays for all owes suppliers everything.
    """
    rest = list(ttc)
    owed: dict[str, list[Debt]] = {member: [] for member in (*members, lead)}
    for charge in apart:
        for place, cents in enumerate(charge.with_vat):
            rest[place] -= cents
            if cents and members[place] != charge.payer:
                owed[members[place]].append(Debt(members[place], charge.payer, charge.id, cents))
    for member, cents in zip(members, rest, strict=True):
        to = SUPPLIERS if each_pays else lead
        if cents and member != to:
            owed[member].insert(0, Debt(member, to, BILLS, cents))
    total = sum(rest)
    if total and not each_pays:
        owed[lead].insert(0, Debt(lead, SUPPLIERS, BILLS, total))
    return [debt for member in dict.fromkeys((*members, lead)) for debt in owed[member]]


def by_supplier(cents: Cents, parts: Mapping[int, Cents]) -> dict[int, Cents]:
    """What is owed to suppliers together, by the id of each, as these parts are. A cent that rounds otherwise is the
    largest's.
    """
    found = {supplier: part for supplier, part in parts.items() if part} or {0: cents}
    largest = max(found, key=lambda supplier: abs(found[supplier]))
    found[largest] += cents - sum(found.values())
    return {supplier: part for supplier, part in found.items() if part}


def told_by_supplier(found: Iterable[Debt], parts: Mapping[str, Mapping[int, Cents]]) -> list[Debt]:
    """Debts to suppliers as one debt to each, by the parts of their debtors; the others as they are."""
    return [
        debt._replace(supplier=supplier, cents=cents)
        for debt in found
        for supplier, cents in (
            by_supplier(debt.cents, parts.get(debt.debtor, {})).items()
            if debt.creditor == SUPPLIERS
            else [(0, debt.cents)]
        )
    ]


def netted(found: Iterable[Debt]) -> list[Debt]:
    """What remains between each two members once what they owe each other is set off; debts to suppliers stay."""
    between: dict[tuple[str, str], Cents] = defaultdict(int)
    kept = []
    for debt in found:
        if debt.creditor == SUPPLIERS:
            kept.append(debt)
        elif debt.debtor < debt.creditor:
            between[debt.debtor, debt.creditor] += debt.cents
        else:
            between[debt.creditor, debt.debtor] -= debt.cents
    for (one, other), cents in sorted(between.items()):
        if cents:
            kept.append(Debt(one, other, BILLS, cents) if cents > 0 else Debt(other, one, BILLS, -cents))
    return kept


def borne(found: Iterable[Debt], paid: Mapping[str, Cents]) -> dict[str, Cents]:
    """What each finally bears, once all debts are settled: what it paid itself, and owes, less what it is owed."""
    bears: dict[str, Cents] = defaultdict(int, paid)
    for debt in found:
        bears[debt.debtor] += debt.cents
        if debt.creditor != SUPPLIERS:
            bears[debt.creditor] -= debt.cents
    return {member: cents for member, cents in bears.items() if cents}

"""Whom a member pays, how much and by when, in the words of statements and files: what it owes was decided when the
record was frozen (`sharing.owing`); here it is named, and what goes to suppliers told supplier by supplier. Pure.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pooling.allocation.booking import Booked
from pooling.sharing.money import Cents
from pooling.sharing.owing import SUPPLIERS
from pooling.sharing.shared_lines import LineKind

IN_THIRTY_DAYS = "sous 30 jours après réception de la facture (CCP, art. R2192-10)"
BY_RECEIPT = "à réception du titre de recettes, sous 30 jours"


class Creditor(NamedTuple):
    name: str
    siret: str = ""
    """Its SIREN, where nobody said its SIRET."""

    @property
    def named(self) -> str:
        """« Cycles de l’Ouest (SIRET 123 …) »."""
        if not self.siret:
            return self.name
        return f"{self.name} ({'SIREN' if len(self.siret) == _SIREN else 'SIRET'} {self.siret})"


_SIREN = 9
SUPPLIER = Creditor("le fournisseur")


@dataclass(frozen=True)
class Buying:
    """Who buys of whom."""

    lead: str
    """Its code."""
    coordinator: Creditor
    each_buys: bool
    payers: Mapping[str, str] = field(default_factory=dict)
    """The code of the member that paid a charge apart, by the charge's."""
    members: Mapping[str, Creditor] = field(default_factory=dict)
    """Those who are owed something, by their codes."""
    suppliers: Mapping[str, Creditor] = field(default_factory=dict)
    """By the item's code."""
    due: Mapping[str, date] = field(default_factory=dict)
    """The last day to pay accepted invoices, by the code of who pays them; of those for everybody, by none."""


class Due(NamedTuple):
    """What a member pays to one creditor, VAT included."""

    creditor: Creditor
    cents: Cents
    due_on: date | None
    by: str


def creditor_of(buying: Buying, member: str, booked: Booked) -> Creditor:
    """To whom this line is paid: a charge that somebody paid apart, to that member."""
    payer = buying.payers.get(booked.line.id) if booked.line.kind is LineKind.CHARGE else None
    if payer is not None:
        return buying.members[payer]
    if not buying.each_buys and member != buying.lead:
        return buying.coordinator
    named = set(buying.suppliers.values())
    only = named.pop() if len(named) == 1 else SUPPLIER
    return buying.suppliers.get(booked.line.id, only) if booked.line.kind is LineKind.ITEM else only


def dues_of(buying: Buying, member: str, lines: Sequence[Booked], owed: Mapping[str, Cents]) -> list[Due]:
    """What a member pays, creditor by creditor. `owed` is what the record says that it owes, by the creditor's code:
    to other members it is that to the cent. What a member paid itself it owes to nobody.
    """
    sums = {buying.members[code]: cents for code, cents in owed.items() if code}
    sums |= _to_suppliers(buying, member, lines, owed.get(SUPPLIERS))
    return [Due(creditor, cents, *_when(buying, member, creditor)) for creditor, cents in sums.items() if cents]


def _to_suppliers(buying: Buying, member: str, lines: Sequence[Booked], owed: Cents | None) -> dict[Creditor, Cents]:
    """By its lines; a cent that rounds otherwise goes to the largest. Of the lead that pays for all, its own part."""
    among_members = {buying.coordinator, *buying.members.values()} if member != buying.lead else set()
    among_members |= {buying.members[payer] for payer in buying.payers.values()}
    sums: dict[Creditor, Cents] = defaultdict(int)
    for booked in lines:
        if (creditor := creditor_of(buying, member, booked)) not in among_members:
            sums[creditor] += booked.ttc
    if sums and buying.each_buys and owed is not None:
        largest = max(sums, key=lambda creditor: abs(sums[creditor]))
        sums[largest] += owed - sum(sums.values())
    return sums


def _when(buying: Buying, member: str, creditor: Creditor) -> tuple[date | None, str]:
    if creditor in buying.members.values() or (creditor == buying.coordinator and member != buying.lead):
        return None, BY_RECEIPT
    known = buying.due.get(member) or (buying.due.get("") if member == buying.lead else None)
    return known, IN_THIRTY_DAYS


def due_on(buying: Buying, member: str, creditor: Creditor) -> date | None:
    return _when(buying, member, creditor)[0]

"""Whom a member pays, how much and by when: to whoever buys, its supplier or the lead for all (CCP L2113-7). Pure; the
one place that decides it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pooling.allocation.booking import Booked
from pooling.sharing.money import Cents
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
    """To whom this line is paid. Charges go to the lead, which has paid them."""
    buys = buying.each_buys or member == buying.lead
    if not buys or (booked.line.kind is LineKind.CHARGE and member != buying.lead):
        return buying.coordinator
    named = set(buying.suppliers.values())
    only = named.pop() if len(named) == 1 else SUPPLIER
    return buying.suppliers.get(booked.line.id, only) if booked.line.kind is LineKind.ITEM else only


def dues_of(buying: Buying, member: str, lines: Sequence[Booked]) -> list[Due]:
    """What a member pays, creditor by creditor."""
    sums: dict[Creditor, Cents] = defaultdict(int)
    for booked in lines:
        sums[creditor_of(buying, member, booked)] += booked.ttc
    return [Due(creditor, cents, *_when(buying, member, creditor)) for creditor, cents in sums.items() if cents]


def _when(buying: Buying, member: str, creditor: Creditor) -> tuple[date | None, str]:
    if creditor == buying.coordinator and member != buying.lead:
        return None, BY_RECEIPT
    known = buying.due.get(member) or (buying.due.get("") if member == buying.lead else None)
    return known, IN_THIRTY_DAYS


def due_on(buying: Buying, member: str, creditor: Creditor) -> date | None:
    return _when(buying, member, creditor)[0]

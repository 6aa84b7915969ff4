"""Whom a member pays, how much and by when, in the words of statements and files. What it owes was decided when the
record was frozen (`sharing.owing`); here it is named, and told line by line. Pure.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeAlias

from pooling.allocation.booking import Booked
from pooling.allocation.supplying import Supplying
from pooling.sharing.money import Cents
from pooling.sharing.owing import SUPPLIERS, by_supplier
from pooling.sharing.shared_lines import LineKind
from pooling.web.typography import euros

IN_THIRTY_DAYS = "sous 30 jours après réception de la facture (CCP, art. R2192-10)"
BY_RECEIPT = "à réception du titre de recettes, sous 30 jours"
NO_TITRE = "sans titre de recettes : aucun n’est émis au-dessous de"


class Creditor(NamedTuple):
    name: str
    siret: str = ""
    """Its SIREN, where nobody said its SIRET."""

    @property
    def named(self) -> str:
        """« Cycles de l’Ouest (SIRET 123 …) »."""
        if not self.siret:
            return self.name
        return f"{self.name} ({'SIREN' if len(self.siret) == SIREN else 'SIRET'} {self.siret})"


SIREN = 9
"""How long one is; a SIRET is longer."""
SUPPLIER = Creditor("le fournisseur")
Owes: TypeAlias = tuple[str, int]
"""To whom: a member's code and 0, or none and a supplier's id (0: nobody said which)."""
SOME_SUPPLIER: Owes = (SUPPLIERS, 0)


@dataclass(frozen=True)
class Buying:
    """Who buys of whom."""

    lead: str
    """Its code."""
    each_buys: bool
    payers: Mapping[str, str] = field(default_factory=dict)
    """The code of the member that paid a charge apart, by the charge's."""
    members: Mapping[str, Creditor] = field(default_factory=dict)
    """The lead and those who are owed something, by their codes."""
    supplying: Supplying = field(default_factory=Supplying)
    due: Mapping[str, date] = field(default_factory=dict)
    """The last day to pay accepted invoices, by the code of who pays them; of those for everybody, by none."""
    bills: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Numbers of the bills that were accepted when the record was frozen, likewise."""
    smallest: Cents = 0
    """Below, members issue each other no titre."""

    def too_small(self, to: Owes, cents: Cents) -> bool:
        """Whether it is owed to a member that issues no titre for it."""
        return bool(to[0]) and 0 < cents < self.smallest

    def creditor(self, to: Owes) -> Creditor:
        member, supplier = to
        if member:
            return self.members[member]
        seller = self.supplying.named.get(supplier)
        return Creditor(seller.name, seller.siret) if seller else SUPPLIER

    def pays_for_all(self, member: str) -> bool:
        return member == self.lead and not self.each_buys

    def when(self, member: str, to: Owes) -> tuple[date | None, str]:
        """The last day to pay, where it is known, and in words."""
        if to[0]:
            return None, BY_RECEIPT
        return self.due.get(member) or (self.due.get("") if member == self.lead else None), IN_THIRTY_DAYS


class Due(NamedTuple):
    """What a member pays to one creditor, VAT included."""

    creditor: Creditor
    cents: Cents
    due_on: date | None
    by: str


class Payment(NamedTuple):
    """A line, and to whom it is paid."""

    to: Owes
    booked: Booked
    for_others: bool = False
    """What the lead pays suppliers of it for the other members."""


def paid_to(buying: Buying, member: str, booked: Booked) -> Owes | None:
    """To whom a member pays its share of a line; None: it paid it itself. What somebody paid apart, to that member."""
    payer = buying.payers.get(booked.line.id) if booked.line.kind is LineKind.CHARGE else None
    if payer is not None:
        return None if payer == member else (payer, 0)
    if not buying.each_buys and member != buying.lead:
        return buying.lead, 0
    return SUPPLIERS, buying.supplying.of(booked.line)


def owed_by(buying: Buying, member: str, lines: Sequence[Booked], owed: Mapping[Owes, Cents]) -> dict[Owes, Cents]:
    """What the record says that a member owes; of what the lead that pays for all owes suppliers, its own part."""
    parts = _by_supplier(buying, member, lines)
    if not buying.pays_for_all(member):
        return _told_apart(owed, parts)
    own = {(SUPPLIERS, supplier): cents for supplier, cents in parts.items()}
    return {to: cents for to, cents in owed.items() if to[0]} | own


def _by_supplier(buying: Buying, member: str, lines: Sequence[Booked]) -> dict[int, Cents]:
    """What these lines come to, of those that suppliers are paid."""
    parts: dict[int, Cents] = defaultdict(int)
    for booked in lines:
        to = paid_to(buying, member, booked)
        if to is not None and not to[0]:
            parts[to[1]] += booked.ttc
    return parts


def _told_apart(owed: Mapping[Owes, Cents], parts: Mapping[int, Cents]) -> dict[Owes, Cents]:
    """Where a record was frozen before suppliers were told apart, they are by what lines come to."""
    if SOME_SUPPLIER not in owed:
        return dict(owed)
    told = by_supplier(sum(cents for to, cents in owed.items() if not to[0]), parts)
    return {to: cents for to, cents in owed.items() if to[0]} | {
        (SUPPLIERS, supplier): cents for supplier, cents in told.items()
    }


def dues_of(buying: Buying, member: str, lines: Sequence[Booked], owed: Mapping[Owes, Cents]) -> list[Due]:
    """What a member pays, creditor by creditor, to the cent. What it paid itself it owes to nobody."""
    return [_due(buying, member, to, cents) for to, cents in owed_by(buying, member, lines, owed).items() if cents]


def _due(buying: Buying, member: str, to: Owes, cents: Cents) -> Due:
    if buying.too_small(to, cents):
        return Due(buying.creditor(to), cents, None, f"{NO_TITRE} {euros(buying.smallest)}")
    return Due(buying.creditor(to), cents, *buying.when(member, to))


def payments_of(buying: Buying, member: str, lines: Sequence[Booked], owed: Mapping[Owes, Cents]) -> list[Payment]:
    """Line by line, together to the cent what the record says that it owes to each. A cent by which the VAT of its
    lines rounds otherwise is the largest line's.
    """
    found = [Payment(to, booked) for booked in lines if (to := paid_to(buying, member, booked)) is not None]
    return list(_tied(found, owed_by(buying, member, lines, owed)))


def payments_for_others(
    buying: Buying, own: Sequence[Booked], all_lines: Sequence[Booked], owed: Mapping[Owes, Cents]
) -> list[Payment]:
    """What the lead that pays for all pays suppliers beyond its `own` lines: of each line the rest, together with its
    own to the cent what it owes to each of them.
    """
    mine = {id(booked.line): booked for booked in own}
    found = []
    for booked in all_lines:
        to = paid_to(buying, buying.lead, booked)
        if to is not None and not to[0]:
            found.append(Payment(to, _less(booked, mine.get(id(booked.line))), for_others=True))
    to_suppliers = {to: cents for to, cents in owed.items() if not to[0]}
    rest = _told_apart(to_suppliers, _by_supplier(buying, buying.lead, all_lines))
    for supplier, cents in _by_supplier(buying, buying.lead, own).items():
        rest[SUPPLIERS, supplier] = rest.get((SUPPLIERS, supplier), 0) - cents
    return [one for one in _tied(found, rest) if any((one.booked.ht, one.booked.vat, one.booked.share.value))]


def _less(booked: Booked, mine: Booked | None) -> Booked:
    if mine is None:
        return booked
    share = booked.share._replace(
        cents=booked.share.cents - mine.share.cents, value=booked.share.value - mine.share.value
    )
    return booked._replace(share=share, vat=booked.vat - mine.vat)


def _tied(payments: Sequence[Payment], owed: Mapping[Owes, Cents]) -> Iterator[Payment]:
    """The VAT of the largest line to each creditor takes what lacks to what is owed to it."""
    gaps = dict(owed)
    largest: dict[Owes, int] = {}
    for place, one in enumerate(payments):
        gaps[one.to] = gaps.get(one.to, 0) - one.booked.ttc
        if one.to not in largest or abs(one.booked.ttc) > abs(payments[largest[one.to]].booked.ttc):
            largest[one.to] = place
    for place, one in enumerate(payments):
        gap = gaps[one.to] if largest[one.to] == place else 0
        yield one._replace(booked=one.booked._replace(vat=one.booked.vat + gap)) if gap else one

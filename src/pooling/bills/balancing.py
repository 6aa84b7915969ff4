"""Whether what is shared among members is what suppliers ask for, to the cent and by rate of VAT; if not, by how much
not, and what to mend. Pure.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from pooling.bills.comparing import count, rate
from pooling.bills.rules import tolerance
from pooling.sharing.money import Cents, format_decimal, half_up
from pooling.sharing.tiers import PRICE_DECIMALS
from pooling.web.typography import euros, plural, price


class Taxed(NamedTuple):
    """Of one rate of VAT, in cents."""

    ht: Cents = 0
    vat: Cents = 0

    def __add__(self, other: object) -> "Taxed":
        """Both together."""
        assert isinstance(other, Taxed)
        return Taxed(self.ht + other.ht, self.vat + other.vat)


class RateGap(NamedTuple):
    """One rate: what is shared, what is invoiced."""

    rate: Fraction
    shared: Taxed
    invoiced: Taxed

    @property
    def gap(self) -> Taxed:
        """What is invoiced beyond what is shared."""
        return Taxed(self.invoiced.ht - self.shared.ht, self.invoiced.vat - self.shared.vat)


class ItemShared(NamedTuple):
    """An item as it is shared, and all that happened to it."""

    code: str
    name: str
    vat_rate: Fraction
    unit_price: Fraction
    shared: int
    """Units that members pay for."""
    ht: Cents
    ordered: int = 0
    accepted: int = 0
    invoiced: Fraction = Fraction(0)
    nets: Mapping[Fraction, Cents] = {}
    """What is invoiced of it, by the rate of the bills."""

    @property
    def invoiced_ht(self) -> Cents:
        return sum(self.nets.values())


class ChargeShared(NamedTuple):
    label: str
    vat_rate: Fraction
    ht: Cents


class Mending(StrEnum):
    PRICE = "price"
    QUANTITY = "quantity"
    RATE = "rate"
    CREDIT = "credit"
    """The supplier owes one."""
    BILL = "bill"
    """One is still to come."""
    CHARGE = "charge"
    ROUNDING = "rounding"


class Mend(NamedTuple):
    """Something that does not tie, and how it could."""

    kind: Mending
    message: str
    item: str = ""
    """Its code."""
    label: str = ""
    """Of the charge that would do."""
    cents: Cents = 0
    vat_rate: Fraction = Fraction(0)
    value: str = ""
    """The price or the rate that would do, as the rules write a number."""


@dataclass(frozen=True)
class Balance:
    """What members share beside what accepted bills say."""

    rates: Sequence[RateGap]
    items: Sequence[ItemShared]
    charges: Sequence[ChargeShared]

    @property
    def shared(self) -> Taxed:
        return sum((one.shared for one in self.rates), Taxed())

    @property
    def invoiced(self) -> Taxed:
        return sum((one.invoiced for one in self.rates), Taxed())

    @property
    def gap(self) -> Taxed:
        return sum((one.gap for one in self.rates), Taxed())

    @property
    def ties(self) -> bool:
        """To the cent, at each rate."""
        return not any(any(one.gap) for one in self.rates)

    @property
    def begun(self) -> bool:
        return any(any(one.invoiced) for one in self.rates)

    @cached_property
    def mends(self) -> Sequence[Mend]:
        """What to mend, the large before the small; empty where it ties."""
        if self.ties:
            return ()
        mends: list[Mend] = []
        cents: dict[Fraction, Cents] = defaultdict(int)
        for item in self.items:
            mends += _of_item(item, cents)
        mends += self._beside_items(cents)
        mends += self._roundings(cents)
        return mends

    def _beside_items(self, cents: dict[Fraction, Cents]) -> Iterator[Mend]:
        """What bills ask for beside items, against the charges that are shared."""
        for one in self.rates:
            beside = one.invoiced.ht - sum(item.nets.get(one.rate, 0) for item in self.items)
            charges = [charge for charge in self.charges if charge.vat_rate == one.rate]
            gap = beside - sum(charge.ht for charge in charges)
            if abs(gap) <= max(1, len(charges)):
                cents[one.rate] += gap
            elif gap > 0:
                said = (
                    f"{euros(gap)} HT à {rate(one.rate)} de TVA sont facturés en plus des articles et des frais : "
                    "ajoutez des frais, ou demandez un avoir."
                )
                yield Mend(Mending.CHARGE, said, label="Frais facturés", cents=gap, vat_rate=one.rate)
            else:
                named = ", ".join(f"« {charge.label} »" for charge in charges) or "des remises"
                said = (
                    f"{euros(-gap)} HT à {rate(one.rate)} de TVA sont répartis et pas facturés ({named}) : attendez "
                    "leur facture, ou corrigez ces frais."
                )
                yield Mend(Mending.CHARGE, said, vat_rate=one.rate)

    def _roundings(self, cents: Mapping[Fraction, Cents]) -> Iterator[Mend]:
        for one in self.rates:
            ht = cents.get(one.rate, 0)
            if ht:
                said = f"{euros(ht)} HT d’arrondi à {rate(one.rate)} de TVA : le fournisseur arrondit autrement."
                yield Mend(Mending.ROUNDING, said, label=f"Arrondi à {rate(one.rate)}", cents=ht, vat_rate=one.rate)
            # The VAT that a charge of these cents would bring with it.
            vat = one.gap.vat - _vat(one.shared.ht + ht, one.rate) + _vat(one.shared.ht, one.rate)
            if vat and one.gap.ht == ht:
                more = "de plus" if vat > 0 else "de moins"
                said = (
                    f"{euros(abs(vat))} de TVA à {rate(one.rate)} {more} que le taux ne donne, au-delà d’un arrondi : "
                    "demandez une facture rectificative."
                )
                yield Mend(Mending.ROUNDING, said, cents=vat)


def balance(
    shared: Mapping[Fraction, Taxed],
    invoiced: Mapping[Fraction, Taxed],
    items: Sequence[ItemShared],
    charges: Sequence[ChargeShared],
) -> Balance:
    """Both sides at every rate that either has."""
    rates = sorted({*shared, *invoiced}, reverse=True)
    gaps = [RateGap(one, shared.get(one, Taxed()), invoiced.get(one, Taxed())) for one in rates]
    return Balance([gap for gap in gaps if any((*gap.shared, *gap.invoiced))], items, charges)


def _vat(ht: Cents, vat_rate: Fraction) -> Cents:
    return half_up(ht * vat_rate / 100)


def _of_item(item: ItemShared, cents: dict[Fraction, Cents]) -> Iterator[Mend]:
    """Its quantity, then its price; what rounding explains is added to `cents`."""
    others = sorted(other for other, net in item.nets.items() if other != item.vat_rate and net)
    if others:
        said = (
            f"{item.name} : facturé à {rate(others[0])} de TVA, réparti à {rate(item.vat_rate)} : corrigez le taux, "
            "ou demandez une facture rectificative."
        )
        yield Mend(Mending.RATE, said, item=item.code, vat_rate=others[0], value=format_decimal(others[0]))
    if item.invoiced != item.shared:
        yield _quantity(item)
    whole = item.invoiced * item.unit_price * 100
    gap = item.invoiced_ht - half_up(whole)
    if abs(gap) <= tolerance(item.invoiced):
        cents[item.vat_rate] += gap if item.invoiced == item.shared else 0
    elif item.invoiced:
        each = Fraction(item.invoiced_ht, 100) / item.invoiced
        said = (
            f"{item.name} : facturé {price(each)} l’unité, réparti à {price(item.unit_price)} : corrigez le prix, ou "
            f"demandez un avoir de {euros(gap)} HT."
            if gap > 0
            else f"{item.name} : facturé {price(each)} l’unité, réparti à {price(item.unit_price)} : corrigez le prix."
        )
        nearest = Fraction(round(each * 10**PRICE_DECIMALS), 10**PRICE_DECIMALS)
        yield Mend(
            Mending.PRICE, said, item=item.code, cents=gap, vat_rate=item.vat_rate, value=format_decimal(nearest)
        )


def _quantity(item: ItemShared) -> Mend:
    """Fewer or more units than members pay for: what arrived says who is wrong."""
    both = f"{item.name} : {plural(item.invoiced, 'facturé')}, {plural(item.shared, 'réparti')}"
    here = plural(item.accepted, "reçu")
    if item.invoiced > item.shared:
        wanted = max(item.accepted, item.shared)
        if item.invoiced > wanted:
            owed = count(item.invoiced - wanted)
            said = f"{both}, {here} : demandez un avoir de {owed}."
            return Mend(Mending.CREDIT, said, item=item.code)
        said = f"{both}, {here} : augmentez les quantités de qui les a reçus."
        return Mend(Mending.QUANTITY, said, item=item.code)
    if item.invoiced < item.accepted:
        said = f"{both}, {here} : une facture de {count(item.accepted - item.invoiced)} est à venir."
        return Mend(Mending.BILL, said, item=item.code)
    if item.ordered > item.accepted or not item.ordered:
        said = f"{both}, {here} : la suite de la livraison et sa facture sont à venir."
        return Mend(Mending.BILL, said, item=item.code)
    said = f"{both}, {here} et plus rien à venir : baissez les quantités de qui ne les a pas eus."
    return Mend(Mending.QUANTITY, said, item=item.code)

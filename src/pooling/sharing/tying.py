"""Shares that are, to the cent, what accepted bills ask for; or, where they cannot be, by how much not.

Where one buyer pays for all, the sum of its bills is the `invoice` of the rule. Where each member pays its own bill,
its share is that bill: the rule's tolerance is then that of the member's own lines. What somebody paid apart, on no
bill, adds to either as it is.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing.allocation import allocate, with_vat
from pooling.sharing.allocation_case import Basis, Case, Charge, InvoiceLine
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents, format_decimal, half_up
from pooling.sharing.pool import added_up
from pooling.sharing.shares import Shares
from pooling.sharing.tiers import line_total
from pooling.sharing.vat import VatLine, computed_vat


class Billed(NamedTuple):
    """What accepted bills say of one rate of VAT, in cents, and on how many lines."""

    ht: Cents
    vat: Cents
    lines: int


NOTHING = Billed(0, 0, 0)
ByRate = Mapping[Fraction, Billed]


@dataclass(frozen=True)
class Bills:
    """All accepted bills of a purchase."""

    common: ByRate = field(default_factory=dict)
    """Those of who buys for all."""
    own: Mapping[str, ByRate] = field(default_factory=dict)
    """Those of each member that pays its own, by its id."""

    @property
    def some(self) -> bool:
        return bool(self.common or self.own)


class Tying(StrEnum):
    """Whose bills shares are tied to."""

    NONE = "none"
    """There are none."""
    COMMON = "common"
    OWN = "own"


class Untied(NamedTuple):
    """What bills ask for beyond what is shared, or below, in cents; `member` is empty where it is everybody."""

    member: str
    ht: Cents
    vat: Cents


@dataclass(frozen=True)
class Tie:
    """How shares and bills stand to each other."""

    to: Tying = Tying.NONE
    untied: Sequence[Untied] = ()
    tied: int = 0
    """Members whose share is their own bill."""
    waiting: int = 0
    """Members that take something, and have no bill of their own yet."""
    more: int = 0
    """How many `untied` there are beside these."""

    @property
    def whole(self) -> bool:
        """Every share is what bills ask for."""
        return self.to is not Tying.NONE and not self.untied and not self.waiting


def allocate_billed(case: Case, bills: Bills, apart: Collection[str] = ()) -> tuple[Allocation, Tie]:
    """Shares a case as accepted bills ask for it; `apart` are the charges that are on none of them. The allocation's
    case says what it was tied to, as far as the rule knows it.

    Raises:
        RuleError: as `allocate`, without any bill.
    """
    plain = allocate(case)
    if not bills.some:
        return plain, Tie()
    if bills.own:
        return _OwnBills(plain, bills, apart).tied()
    try:
        return _tied_to_all(plain, bills.common, apart), Tie(Tying.COMMON)
    except RuleError:  # they do not cover everything, or ask for something else
        ht = sum(one.ht for one in bills.common.values()) - sum(_common_bases(plain, apart).values())
        shared = sum(line.computed.total for line in plain.lines.vat.values()) - _paid_apart_vat(plain, apart)
        vat = sum(one.vat for one in bills.common.values()) - shared
        return plain, Tie(Tying.COMMON, [Untied("", ht, vat)])


def charge_vat(total: Cents, rate: Fraction) -> Cents:
    """The VAT of something that somebody paid by itself."""
    return half_up(total * rate / 100)


def _paid_apart_vat(plain: Allocation, apart: Collection[str]) -> Cents:
    charges = plain.lines.charges
    return sum(charge_vat(charges[id_].shares.total, charges[id_].charge.vat_rate) for id_ in apart)


def _common_bases(plain: Allocation, apart: Collection[str]) -> dict[Fraction, Cents]:
    """What is shared of each rate, before VAT, without what was paid apart."""
    bases: dict[Fraction, Cents] = {line.rate: sum(line.bases) for line in plain.lines.vat.values()}
    for id_ in apart:
        line = plain.lines.charges[id_]
        bases[line.charge.vat_rate] -= line.shares.total
    return bases


def _tied_to_all(plain: Allocation, bills: ByRate, apart: Collection[str]) -> Allocation:
    """By the rule itself. Its tolerance is a cent for each line of the case; where several bills have more lines than
    the case, each of which was rounded, charges of 0.00 stand for them.

    Raises:
        RuleError: `invoice_mismatch`, or nobody to adjust (`no_basis`).
    """
    lines = plain.lines
    ours: dict[Fraction, int] = defaultdict(int)
    for item in lines.items.values():
        ours[item.item.vat_rate] += item.quantity > 0
    for charge in lines.charges.values():
        ours[charge.charge.vat_rate] += 1
    theirs = {rate: one.lines for rate, one in bills.items()}
    invoice = {rate: InvoiceLine(one.ht, one.vat) for rate, one in bills.items()}
    for id_ in apart:
        line = lines.charges[id_]
        rate, total = line.charge.vat_rate, line.shares.total
        known = invoice.get(rate, InvoiceLine(0, 0))
        invoice[rate] = InvoiceLine(known.ht + total, known.vat + charge_vat(total, rate))
        theirs[rate] = theirs.get(rate, 0) + 1
    more = [_rounding(rate, place) for rate in sorted(invoice) for place in range(1, theirs[rate] - ours[rate] + 1)]
    case = replace(plain.case, charges=(*plain.case.charges, *more), invoice=invoice)
    return with_vat(plain, case)


def _rounding(rate: Fraction, place: int) -> Charge:
    """Nothing, that counts as a line. No charge of a purchase can be called so: its code is in small letters."""
    return Charge(f"Arrondi {format_decimal(rate)} % ({place})", 0, rate, Basis.EQUAL)


class _OwnBills:
    """Each member pays its own bill, and its share of what was paid apart."""

    def __init__(self, plain: Allocation, bills: Bills, apart: Collection[str]) -> None:
        self.plain, self.bills = plain, bills
        self.places = plain.lines.pool.places
        self.size = plain.lines.pool.size
        charges = plain.lines.charges
        self.apart = [line for id_, line in charges.items() if id_ in apart]
        self.shared = [line for id_, line in charges.items() if id_ not in apart]
        known = {line.rate for line in plain.lines.vat.values()}
        said = {rate for each in (bills.common, *bills.own.values()) for rate in each}
        self.rates = sorted(known | said, key=format_decimal)

    def tied(self) -> tuple[Allocation, Tie]:
        untied = self._untied()
        named = {one.member for one in untied}
        good = {self.places[code] for code in self.bills.own if code in self.places and code not in named}
        others = [place for place in range(self.size) if place not in good]
        takers = set(self.plain.lines.pool.participants)
        waiting = sum(place in takers and self._code(place) not in self.bills.own for place in others)
        common, gap = self._common()
        untied += gap
        tie = Tie(Tying.OWN, untied, len(good), waiting)
        vat = [self._vat_line(rate, good, others, common) for rate in self.rates]
        return with_vat(self.plain, self.plain.case, vat), tie

    def _code(self, place: int) -> str:
        return self.plain.lines.pool.members[place].id

    def _untied(self) -> list[Untied]:
        """Those whose bills are not what the rule says of their own lines, within a cent a line of each rate."""
        return [gap for code in sorted(self.bills.own) if (gap := self._gap(code)) is not None]

    def _gap(self, code: str) -> Untied | None:
        place, billed = self.places.get(code), self.bills.own[code]
        ht = vat = 0
        within = place is not None
        for rate in self.rates:
            expected, lines = (0, 0) if place is None else self._expected(place, rate)
            one = billed.get(rate, NOTHING)
            off = one.ht - expected, one.vat - charge_vat(expected, rate)
            within = within and max(map(abs, off)) <= max(lines, one.lines)
            ht, vat = ht + off[0], vat + off[1]
        return None if within else Untied(code, ht, vat)

    def _expected(self, place: int, rate: Fraction) -> tuple[Cents, int]:
        """What the member's own lines of a rate come to, each rounded by itself, and how many they are."""
        ht = lines = 0
        for item in self.plain.lines.items.values():
            units = self.plain.lines.pool.quantities[item.item.id][place]
            if item.item.vat_rate == rate and units:
                ht, lines = ht + line_total(units, item.unit_price), lines + 1
        for charge in self.shared:
            if charge.charge.vat_rate == rate and charge.shares.cents[place]:
                ht, lines = ht + charge.shares.cents[place], lines + 1
        return ht, lines

    def _common(self) -> tuple[ByRate, list[Untied]]:
        """Bills of who buys for all, beside: they are for what was paid apart, or say nothing that ties."""
        if not self.bills.common:
            return {}, []
        ht = vat = 0
        within = True
        for rate in self.rates:
            mine = [line for line in self.apart if line.charge.vat_rate == rate]
            total = sum(line.shares.total for line in mine)
            one = self.bills.common.get(rate, NOTHING)
            off = one.ht - total, one.vat - charge_vat(total, rate)
            within = within and max(map(abs, off)) <= max(len(mine), one.lines)
            within = within and (not any(off) or any(any(line.shares.cents) for line in mine))
            ht, vat = ht + off[0], vat + off[1]
        return (self.bills.common, []) if within else ({}, [Untied("", ht, vat)])

    def _vat_line(self, rate: Fraction, good: Collection[int], others: Sequence[int], common: ByRate) -> VatLine:
        """Each member's base and VAT at a rate, as they are; what makes them so is its own adjustment."""
        apart = [line for line in self.apart if line.charge.vat_rate == rate]
        paid = added_up((line.shares.cents for line in apart), self.size)
        bases = self._bases(rate)
        own = [base - part for base, part in zip(bases, paid, strict=True)]
        ht, vat = list(bases), self._apart_vat(rate, paid, common)
        if common:
            asked = common.get(rate, NOTHING)
            more = Shares.weighted(asked.ht - sum(paid), [abs(part) for part in paid], f"invoice.{rate}").cents
            ht = added_up([ht, more], self.size)
        for place in good:
            one = self.bills.own[self._code(place)].get(rate, NOTHING)
            ht[place] += one.ht - own[place]
            vat[place] += one.vat
        rest = computed_vat(rate, [own[place] for place in others]).cents
        for place, cents in zip(others, rest, strict=True):
            vat[place] += cents
        computed = computed_vat(rate, ht)
        return VatLine(
            rate,
            bases,
            computed,
            _given([now - base for now, base in zip(ht, bases, strict=True)]),
            _given([now - cents for now, cents in zip(vat, computed.cents, strict=True)]),
            own=True,
        )

    def _bases(self, rate: Fraction) -> Sequence[Cents]:
        line = self.plain.lines.vat.get(format_decimal(rate))
        return line.bases if line else [0] * self.size

    def _apart_vat(self, rate: Fraction, paid: Sequence[Cents], common: ByRate) -> list[Cents]:
        """VAT of what was paid apart: of each by itself, or as the bills of who buys for all say it."""
        if common:
            one = common.get(rate, NOTHING)
            more = Shares.weighted(one.ht - sum(paid), [abs(part) for part in paid], f"invoice.{rate}").cents
            bases = added_up([paid, more], self.size)
            computed = computed_vat(rate, bases)
            rest = Shares.weighted(one.vat - computed.total, [abs(base) for base in bases], f"invoice.{rate}").cents
            return added_up([computed.cents, rest], self.size)
        columns = (computed_vat(rate, line.shares.cents).cents for line in self.apart if line.charge.vat_rate == rate)
        return added_up(columns, self.size)


def _given(cents: Sequence[Cents]) -> Shares:
    """What each is given as it is: nothing is divided."""
    return Shares(sum(cents), cents, 1, cents)

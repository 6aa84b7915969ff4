"""What finance books of an allocation: each member's items, charges and adjustments, with the VAT, subsidies and
estimated FCTVA that belong to each of these lines.

The rule shares VAT by rate, and rounds subsidies and FCTVA once for each member. Here a member's amount is spread over
its own lines, so that lines add up to the member, and members to the whole. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing.money import Cents, apportion_in_order, format_decimal, half_up_ratio, over_common_denominator
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import StatedLine, StatedMember, StatedShare, Statement

INVESTMENT, RUNNING = "Investissement", "Fonctionnement"
BOOKED = frozenset({LineKind.ITEM, LineKind.CHARGE, LineKind.ADJUSTMENT})
"""The lines that are paid before VAT."""


class Identity(NamedTuple):
    """What a member is called where it pays; empty where nobody said it."""

    siren: str = ""
    siret: str = ""
    service_code: str = ""
    """On Chorus Pro."""
    service: str = ""
    address: str = ""


UNKNOWN = Identity()


class Counted(NamedTuple):
    """What a subsidy counts; without items, all."""

    items: frozenset[str] | None
    charges: frozenset[str]

    def counts(self, line: StatedLine) -> bool:
        if line.kind is LineKind.ITEM:
            return self.items is None or line.id in self.items
        return line.kind is LineKind.CHARGE and line.id in self.charges


ALL_ITEMS = Counted(None, frozenset())


@dataclass(frozen=True)
class Bookkeeping:
    """What finance needs beside the figures."""

    identities: Mapping[str, Identity] = field(default_factory=dict)
    """By the member's code."""
    engagements: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """The budget and the engagement number that a member named for an item, by both codes."""
    budgets: Mapping[str, str] = field(default_factory=dict)
    """By the member's code: the one that it takes part on."""
    counted: Mapping[str, Counted] = field(default_factory=dict)
    """By the subsidy's code."""
    threshold: str = ""
    """How items without an account come by their section, in French."""
    complete: bool = True
    """False of a record that was frozen before all of this was kept."""

    def engagement(self, member: str, line: StatedLine) -> tuple[str, str]:
        """The budget and the engagement number of a member's line."""
        if line.kind is LineKind.ITEM:
            budget, number = self.engagements.get((member, line.id), ("", ""))
            return budget or self.budgets.get(member, ""), number
        return self.budgets.get(member, ""), ""


NOTHING_KNOWN = Bookkeeping()


def section_of(account: str, nature: str, unit_price: Fraction, threshold: Fraction | None) -> str:
    """The budget's section that an item is booked in: by its account where one is given, else by its nature and by what
    one costs with VAT. Class 2 and operations for others (45) are investment, 6 and 7 running costs.
    """
    if account:
        if account.startswith(("1", "2", "45")):
            return INVESTMENT
        return RUNNING if account.startswith(("6", "7")) else ""
    if nature:
        if nature == "works":
            return INVESTMENT
        if nature == "service":
            return RUNNING
    if threshold is None:
        return ""
    return INVESTMENT if unit_price > threshold else RUNNING


class Booked(NamedTuple):
    """A member's share of a line, in cents."""

    line: StatedLine
    share: StatedShare
    vat: Cents
    subsidies: Cents
    fctva: Cents

    @property
    def ht(self) -> Cents:
        return self.share.cents

    @property
    def ttc(self) -> Cents:
        return self.ht + self.vat

    @property
    def net(self) -> Cents:
        return self.ttc - self.subsidies - self.fctva


class Booking:
    """Spreads what members pay and receive over their lines."""

    def __init__(self, statement: Statement, counted: Mapping[str, Counted]) -> None:
        self._lines = lines = statement.lines
        rates = [line.vat_rate or Fraction(0) for line in lines]
        self._rates, self._over = over_common_denominator([rate / 100 for rate in rates])
        self._named = [format_decimal(rate) for rate in rates]
        fctva = [
            (1 + rate / 100) * statement.fctva_rate / 100 if line.fctva else 0
            for line, rate in zip(lines, rates, strict=True)
        ]
        self._fctva, self._fctva_over = over_common_denominator(fctva)
        self._counted = {
            place: counted.get(line.id, ALL_ITEMS) for place, line in enumerate(lines) if line.kind is LineKind.SUBSIDY
        }

    def of(self, member: StatedMember) -> list[Booked]:
        """The member's lines, in the order of the allocation."""
        lines, result = self._lines, member.result
        taxed = self.taxed(member)
        rows, vat = [share for share, _ in taxed], [cents for _, cents in taxed]
        fctva, subsidies = [0] * len(rows), [0] * len(rows)
        if result.fctva:
            _add(
                fctva, spread(result.fctva, [share.cents * self._fctva[share.line] for share in rows], self._fctva_over)
            )
        for share in member.shares:
            if (counted := self._counted.get(share.line)) is not None and share.cents:
                eligible = [one.cents if counted.counts(lines[one.line]) else 0 for one in rows]
                _add(subsidies, in_proportion(share.cents, eligible))
        return [
            Booked(lines[share.line], share, *more) for share, *more in zip(rows, vat, subsidies, fctva, strict=True)
        ]

    def taxed(self, member: StatedMember) -> list[tuple[StatedShare, Cents]]:
        """The same lines with their VAT alone."""
        rows = [share for share in member.shares if self._is_booked(share)]
        vat = [0] * len(rows)
        of_member = member.result.vat_by_rate
        for rate in dict.fromkeys([*(self._named[share.line] for share in rows), *of_member]):
            weights = [
                share.cents * self._rates[share.line] if self._named[share.line] == rate else 0 for share in rows
            ]
            _add(vat, spread(of_member.get(rate, 0), weights, self._over))
        return list(zip(rows, vat, strict=True))

    def _is_booked(self, share: StatedShare) -> bool:
        """Whether it is paid, or taken for nothing."""
        kind = self._lines[share.line].kind
        return kind in BOOKED and bool(share.cents or (share.value and kind is LineKind.ITEM))


def _add(to: list[Cents], more: Sequence[Cents]) -> None:
    for place, cents in enumerate(more):
        to[place] += cents


def in_proportion(total: Cents, weights: Sequence[int]) -> list[Cents]:
    """Spread in proportion to these; where they come to nothing, on the largest of them."""
    whole = sum(weights)
    return spread(total, [total * weight for weight in weights], whole) if whole > 0 else spread(total, weights, 1)


def spread(total: Cents, numerators: Sequence[int], denominator: int) -> list[Cents]:
    """Cents along exact shares, each rounded by the one rule of sharing. A cent or so by which the whole differs from
    them (rounding among members, an adjustment to the invoice) is the largest share's.
    """
    if not numerators:
        return []
    rounded = half_up_ratio(sum(numerators), denominator)
    shares = apportion_in_order(rounded, numerators, denominator)
    if total != rounded:
        largest = max(range(len(numerators)), key=lambda place: abs(numerators[place]))
        shares[largest] += total - rounded
    return shares


def commonly_filed(filed: Iterator[tuple[str, str]]) -> tuple[str, str]:
    """The one section and account of all items, which charges and adjustments share; empty where there are several."""
    pairs = set(filed)
    return pairs.pop() if len(pairs) == 1 else ("", "")

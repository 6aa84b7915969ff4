"""The lines of an allocation with the key and the base values by which each was shared.

Lines are described only when asked for, and rest on the very shares of the result, so that an explanation cannot
tell another story than the figures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from pooling.sharing.allocation_case import MixKey, PartKey, PercentsKey, RateSubsidy, UnreadKey, WeightsKey
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.keys import ChargeLine, KeyContext, context_of, part_weights
from pooling.sharing.shares import Shares
from pooling.sharing.vat import VatLine

Number: TypeAlias = int | Fraction


class LineKind(StrEnum):
    """What is shared."""

    ITEM = "item"
    CHARGE = "charge"
    ADJUSTMENT = "adjustment"
    VAT = "vat"
    VAT_ADJUSTMENT = "vat_adjustment"
    SUBSIDY = "subsidy"


class KeyName(StrEnum):
    """By what it is shared: the keys of charges, then those that the rule fixes itself."""

    EQUAL = "equal"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    POPULATION = "population"
    AGENTS = "agents"
    WEIGHTS = "weights"
    PERCENTS = "percents"
    MIX = "mix"
    NONE = "none"
    TAXED_BASE = "taxed_base"
    SIZE_OF_BASE = "size_of_base"
    OWN_BILL = "own_bill"
    """Nothing is divided: each is adjusted to its own bill."""
    CLAIM = "claim"
    ELIGIBLE_COST = "eligible_cost"


CENTS_KEYS = frozenset(
    {
        *(KeyName.AMOUNT, KeyName.TAXED_BASE, KeyName.SIZE_OF_BASE, KeyName.OWN_BILL),
        *(KeyName.CLAIM, KeyName.ELIGIBLE_COST),
    }
)
"""Keys whose base values are cents; the others count units, inhabitants, agents, weights or percents."""


@dataclass(frozen=True, slots=True)
class KeyValues:
    """A key applied: the base value of every member, in member order (zero outside `scope`)."""

    key: KeyName
    values: Sequence[Number]
    scope: Sequence[int]
    whole: Number

    @classmethod
    def of(cls, key: KeyName, values: Sequence[Number], scope: Sequence[int] | None = None) -> "KeyValues":
        """With the sum of the values; without a scope, those whose value is not zero."""
        if scope is None:
            scope = [place for place, value in enumerate(values) if value]
        return cls(key, values, scope, sum(values))


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A part of a mix: the percent of the amount that its key shares."""

    percent: Fraction
    base: KeyValues

    def weight(self, place: int) -> Fraction:
        """A member's weight in the mix, in percent of the amount."""
        return self.percent * self.base.values[place] / Fraction(self.base.whole)


@dataclass(frozen=True, slots=True)
class SharedLine:
    """One line of the allocation, with its key. For a mix, base values are the combined percents."""

    kind: LineKind
    id: str
    base: KeyValues
    shares: Shares
    parts: tuple[KeyPart, ...] = ()


def shared_line(allocation: Allocation, kind: LineKind, line_id: str) -> SharedLine:
    """Describe one line; KeyError when there is none."""
    return _DESCRIBED[kind](allocation, line_id)


def shared_lines(allocation: Allocation) -> Iterator[SharedLine]:
    """Every line of the allocation, in reading order; adjustments only where there is an invoice."""
    lines = allocation.lines
    for id_ in lines.items:
        yield shared_line(allocation, LineKind.ITEM, id_)
    for id_ in lines.charges:
        yield shared_line(allocation, LineKind.CHARGE, id_)
    for rate, vat in lines.vat.items():
        if vat.adjustment is not None:
            yield shared_line(allocation, LineKind.ADJUSTMENT, rate)
        yield shared_line(allocation, LineKind.VAT, rate)
        if vat.vat_adjustment is not None:
            yield shared_line(allocation, LineKind.VAT_ADJUSTMENT, rate)
    for id_ in lines.subsidies:
        yield shared_line(allocation, LineKind.SUBSIDY, id_)


def _item(allocation: Allocation, id_: str) -> SharedLine:
    units = allocation.lines.pool.quantities[id_]
    base = KeyValues.of(KeyName.QUANTITY, units)
    return SharedLine(LineKind.ITEM, id_, base, allocation.lines.items[id_].shares)


def _charge(allocation: Allocation, id_: str) -> SharedLine:
    line = allocation.lines.charges[id_]
    key, size = line.charge.key, allocation.lines.pool.size
    if line.shares.total == 0 or key is None or isinstance(key, UnreadKey):
        base = KeyValues.of(KeyName.NONE, [0] * size)
        return SharedLine(LineKind.CHARGE, id_, base, line.shares)
    context = _context(allocation, line)
    if not isinstance(key, MixKey):
        return SharedLine(LineKind.CHARGE, id_, _key_values(key, context), line.shares)
    parts = tuple(KeyPart(part.percent, _key_values(part.key, context)) for part in key.parts)
    weights = [sum((part.weight(place) for part in parts), Fraction(0)) for place in range(size)]
    base = KeyValues.of(KeyName.MIX, weights)
    return SharedLine(LineKind.CHARGE, id_, base, line.shares, parts)


def _context(allocation: Allocation, line: ChargeLine) -> KeyContext:
    shares = {id_: item.shares for id_, item in allocation.lines.items.items()}
    return context_of(line.charge, allocation.lines.pool, shares)


def _key_values(key: PartKey, context: KeyContext) -> KeyValues:
    """The base values as they were given, where `part_weights` only keeps their ratios."""
    places = context.pool.places
    match key:
        case WeightsKey(weights):
            return _given(KeyName.WEIGHTS, weights, context, context.scope)
        case PercentsKey(percents):
            return _given(KeyName.PERCENTS, percents, context, sorted(places[id_] for id_ in percents))
    return KeyValues.of(KeyName(key.value), part_weights(key, context), context.scope)


def _given(key: KeyName, numbers: Mapping[str, Fraction], context: KeyContext, scope: Sequence[int]) -> KeyValues:
    values: list[Number] = [0] * context.pool.size
    for place in scope:
        values[place] = numbers.get(context.pool.members[place].id, Fraction(0))
    return KeyValues.of(key, values, scope)


def _vat(allocation: Allocation, rate: str) -> SharedLine:
    line = allocation.lines.vat[rate]
    return SharedLine(LineKind.VAT, rate, KeyValues.of(KeyName.TAXED_BASE, line.adjusted_bases), line.computed)


def _adjustment(allocation: Allocation, rate: str) -> SharedLine:
    line = allocation.lines.vat[rate]
    shares = _tie(line, line.adjustment)
    return SharedLine(LineKind.ADJUSTMENT, rate, _adjusted_by(line, line.bases, shares), shares)


def _vat_adjustment(allocation: Allocation, rate: str) -> SharedLine:
    line = allocation.lines.vat[rate]
    shares = _tie(line, line.vat_adjustment)
    return SharedLine(LineKind.VAT_ADJUSTMENT, rate, _adjusted_by(line, line.adjusted_bases, shares), shares)


def _adjusted_by(line: VatLine, bases: Sequence[int], shares: Shares) -> KeyValues:
    if line.own:
        return KeyValues.of(KeyName.OWN_BILL, shares.cents)
    return KeyValues.of(KeyName.SIZE_OF_BASE, [abs(base) for base in bases])


def _tie(line: VatLine, shares: Shares | None) -> Shares:
    if shares is None:
        raise KeyError(line.name)
    return shares


def _subsidy(allocation: Allocation, id_: str) -> SharedLine:
    line = allocation.lines.subsidies[id_]
    rated = isinstance(line.subsidy, RateSubsidy)
    values: list[Number] = [Fraction(claim, line.denominator) for claim in line.claims]
    key, scope = KeyName.CLAIM if rated else KeyName.ELIGIBLE_COST, [n for n, claim in enumerate(line.claims) if claim]
    base = KeyValues(key, values, scope, Fraction(sum(line.claims), line.denominator))
    return SharedLine(LineKind.SUBSIDY, id_, base, line.shares)


_DESCRIBED: dict[LineKind, Callable[[Allocation, str], SharedLine]] = {
    LineKind.ITEM: _item,
    LineKind.CHARGE: _charge,
    LineKind.ADJUSTMENT: _adjustment,
    LineKind.VAT: _vat,
    LineKind.VAT_ADJUSTMENT: _vat_adjustment,
    LineKind.SUBSIDY: _subsidy,
}

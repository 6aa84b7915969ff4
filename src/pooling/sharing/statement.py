"""An allocation as flat values, one list per member: the figures and all that explains them.

Files, pages and « Pourquoi ? » read this form and compute nothing, so that what was frozen is told for ever as it was,
whatever becomes of the rule. `state` makes it of a result; `pooling.allocation` keeps it as rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, TypeAlias

from pooling.sharing import RULE_VERSION
from pooling.sharing.allocation_case import InvoiceLine, RateSubsidy
from pooling.sharing.allocation_result import Allocation, MemberResult, Totals, WarningCode
from pooling.sharing.money import Cents, format_cents, format_decimal
from pooling.sharing.shared_lines import KeyName, LineKind, Number, SharedLine, shared_lines
from pooling.sharing.shares import Shares


@dataclass(frozen=True, slots=True)
class StatedPart:
    """A part of a mixed key: the percent of the amount that it shares, and the sum of its base values."""

    percent: Fraction
    key: KeyName
    whole: Number


@dataclass(frozen=True, slots=True)
class StatedLine:
    """Something that is shared among all. Exact shares are numerators over `denominator`, in cents.

    `left` is how many cents remained to be given one by one, with their sign; `takers`, for a charge, how many share
    it where it depends on what they take; `quantity` and `unit_price` are an item's; `rate` is a subsidy's, or that of
    a charge in percent, then of `base`.
    """

    kind: LineKind
    id: str
    key: KeyName
    total: Cents
    denominator: int
    whole: Number
    left: int = 0
    parts: tuple[StatedPart, ...] = ()
    vat_rate: Fraction | None = None
    fctva: bool = False
    quantity: int = 0
    unit_price: Fraction | None = None
    takers: int | None = None
    public: bool = True
    rate: Fraction | None = None
    base: Cents | None = None
    cap_per_unit: Cents | None = None
    cap_total: Cents | None = None


class StatedShare(NamedTuple):
    """One member's share of the line at this place. A named tuple: there are hundreds of thousands of them.

    `value` is its base value, `parts` its value and its weight in each part of a mix; `rank` its place among those
    that may receive one of the cents left, `eligible` and `units` are what a subsidy counts of it.
    """

    line: int
    cents: Cents
    numerator: int
    value: Number
    rank: int | None = None
    parts: tuple[tuple[Number, Fraction], ...] = ()
    eligible: Cents = 0
    units: int = 0

    def exact(self, line: StatedLine) -> Fraction:
        """The exact share, in cents."""
        return Fraction(self.numerator, line.denominator)

    def towards_zero(self, line: StatedLine) -> Cents:
        """The share without its fraction."""
        whole = abs(self.numerator) // line.denominator
        return whole if self.numerator >= 0 else -whole

    def given(self, line: StatedLine) -> int:
        """The remaining cent that the member received: 1, 0 or -1."""
        return self.cents - self.towards_zero(line)


Shared: TypeAlias = Iterable[tuple[str, StatedShare]]
"""The shares of one line, each behind the id of its member. It is read as often as one likes."""


@dataclass(frozen=True, slots=True)
class StatedMember:
    """What one member pays, and its share of each line in which it has one."""

    result: MemberResult
    shares: Sequence[StatedShare]
    fctva: bool = True
    """Whether it gets FCTVA at all."""


class StatedWarning(NamedTuple):
    """A warning with the figures that it is about."""

    code: WarningCode
    member: str
    ht: Cents
    subsidised: Cents


@dataclass(frozen=True)
class Statement:
    """The whole allocation, or as many of its members as were read: `totals` and `lines` are always everybody's."""

    label: str
    fctva_rate: Fraction
    lines: Sequence[StatedLine]
    members: Sequence[StatedMember]
    totals: Totals
    warnings: Sequence[StatedWarning]
    invoice: Mapping[Fraction, InvoiceLine]
    rule_version: int
    by_line: Sequence[Shared] | None = None
    """The shares of each line, where they are at hand beside those of each member."""

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {member.result.id: place for place, member in enumerate(self.members)}

    def __contains__(self, id_: str) -> bool:
        """Whether this member is in it."""
        return id_ in self._places

    def member(self, id_: str) -> StatedMember:
        """One member; KeyError when it is not in it."""
        return self.members[self._places[id_]]

    @property
    def results(self) -> Iterator[MemberResult]:
        """What each member pays, in id order."""
        return (member.result for member in self.members)

    @cached_property
    def shares(self) -> Sequence[Shared]:
        """The shares of each line, in the order of the lines and, inside, of the members."""
        if self.by_line is not None:
            return self.by_line
        shares: list[list[tuple[str, StatedShare]]] = [[] for _ in self.lines]
        for member in self.members:
            for share in member.shares:
                shares[share.line].append((member.result.id, share))
        return shares

    def of_kind(self, kind: LineKind) -> Iterator[tuple[StatedLine, Shared]]:
        """The lines of one kind, each with its shares."""
        return ((line, self.shares[place]) for place, line in enumerate(self.lines) if line.kind is kind)

    def to_json(self) -> dict[str, object]:
        """The result as the specification writes it."""
        return {**self.head_to_json(), "members": [member.to_json() for member in self.results]}

    def head_to_json(self) -> dict[str, object]:
        """The same without the members."""
        return {
            "case": self.label,
            "items": {
                line.id: {
                    "quantity": line.quantity,
                    "unit_price": format_decimal(line.unit_price or Fraction(0), at_least=2),
                    "ht": format_cents(line.total),
                }
                for line in self.lines
                if line.kind is LineKind.ITEM
            },
            "totals": self.totals.to_json(),
            "warnings": [{"code": warning.code, "member": warning.member} for warning in self.warnings],
        }


def state_allocation(allocation: Allocation) -> Statement:
    """All that is told of an allocation, as values."""
    lines: list[StatedLine] = []
    rows: list[list[StatedShare]] = [[] for _ in allocation.members]
    for described in shared_lines(allocation):
        line, ranks = _line(allocation, described)
        for place, share in _column(allocation, described, len(lines), ranks):
            rows[place].append(share)
        lines.append(line)
    flags = [member.fctva for member in allocation.lines.pool.members]
    results = {member.id: member for member in allocation.members}
    return Statement(
        label=allocation.case.label,
        fctva_rate=allocation.case.fctva_rate,
        lines=lines,
        members=[StatedMember(*each) for each in zip(allocation.members, rows, flags, strict=True)],
        totals=allocation.totals,
        warnings=[
            StatedWarning(code, id_, results[id_].ht, results[id_].subsidised) for code, id_ in allocation.warnings
        ],
        invoice=allocation.case.invoice,
        rule_version=RULE_VERSION,
    )


def _line(allocation: Allocation, described: SharedLine) -> tuple[StatedLine, Mapping[int, int]]:
    """The line, and who stands where among those that may receive one of its cents."""
    lines, shares = allocation.lines, described.shares
    left = shares.left
    values = {
        "kind": described.kind,
        "id": described.id,
        "key": described.base.key,
        "total": shares.total,
        "denominator": shares.denominator,
        "whole": described.base.whole,
        "left": left,
        "parts": tuple(StatedPart(part.percent, part.base.key, part.base.whole) for part in described.parts),
    }
    match described.kind:
        case LineKind.ITEM:
            item = lines.items[described.id]
            values |= {"vat_rate": item.item.vat_rate, "fctva": item.item.fctva}
            values |= {"quantity": item.quantity, "unit_price": item.unit_price}
        case LineKind.CHARGE:
            line = lines.charges[described.id]
            charge = line.charge
            values |= {"vat_rate": charge.vat_rate, "fctva": charge.fctva}
            values["takers"] = len(lines.pool.participants) if charge.scope == "participants" else None
            values |= {"rate": charge.percent, "base": line.base}
        case LineKind.SUBSIDY:
            subsidy = lines.subsidies[described.id].subsidy
            values["public"] = subsidy.public
            if isinstance(subsidy, RateSubsidy):
                values |= {"rate": subsidy.rate, "cap_per_unit": subsidy.cap_per_unit, "cap_total": subsidy.cap_total}
        case _:
            values["vat_rate"] = lines.vat[described.id].rate
    return StatedLine(**values), _ranks(shares, left)  # type: ignore[arg-type]


def _ranks(shares: Shares, left: int) -> Mapping[int, int]:
    """The order in which the cents left are given: larger fraction, then larger exact share, then place."""
    if left == 0:
        return {}
    sign, whole = (1 if left > 0 else -1), shares.denominator
    sizes = [abs(numerator) for numerator in shares.numerators]
    able = [place for place, numerator in enumerate(shares.numerators) if numerator * sign > 0 and numerator % whole]
    able.sort(key=lambda place: (-(sizes[place] % whole), -sizes[place], place))
    return {place: rank for rank, place in enumerate(able, start=1)}


def _column(
    allocation: Allocation, described: SharedLine, line: int, ranks: Mapping[int, int]
) -> Iterable[tuple[int, StatedShare]]:
    shares, base = described.shares, described.base
    subsidy = allocation.lines.subsidies[described.id] if described.kind is LineKind.SUBSIDY else None
    for place, (cents, numerator, value) in enumerate(zip(shares.cents, shares.numerators, base.values, strict=True)):
        if not (cents or numerator or value):
            continue
        if subsidy is None and not described.parts:  # most of them, hundreds of thousands
            yield place, StatedShare(line, cents, numerator, value, ranks.get(place))
            continue
        yield (
            place,
            StatedShare(
                line,
                cents,
                numerator,
                value,
                ranks.get(place),
                tuple((part.base.values[place], part.weight(place)) for part in described.parts),
                subsidy.eligible[place] if subsidy else 0,
                subsidy.units[place] if subsidy else 0,
            ),
        )

"""« Pourquoi ? »: why one figure is what it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pooling.sharing.allocation_result import Allocation
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import KeyPart, LineKind, Number, SharedLine, shared_line


@dataclass(frozen=True, slots=True)
class Explanation:
    """One member's share of one line. `value` and `whole` are the base values, amounts are cents."""

    line: SharedLine
    member: str
    value: Number
    whole: Number
    exact: Fraction
    towards_zero: Cents
    given: int
    share: Cents
    bases: Mapping[str, Number]
    parts: Sequence[tuple[KeyPart, Number, Fraction]]

    @property
    def total(self) -> Cents:
        """What is shared among all."""
        return self.line.shares.total


def explain(allocation: Allocation, kind: LineKind, line_id: str, member: str) -> Explanation:
    """Explain one figure; KeyError when the line or the member is not in the allocation. VAT goes by its rate."""
    line = shared_line(allocation, kind, line_id)
    place = allocation.lines.pool.places[member]
    members = allocation.lines.pool.members
    return Explanation(
        line=line,
        member=member,
        value=line.base.values[place],
        whole=line.base.whole,
        exact=line.shares.exact_share(place),
        towards_zero=line.shares.towards_zero(place),
        given=line.shares.given(place),
        share=line.shares.cents[place],
        bases={members[other].id: line.base.values[other] for other in line.base.scope},
        parts=[(part, part.base.values[place], part.weight(place)) for part in line.parts],
    )

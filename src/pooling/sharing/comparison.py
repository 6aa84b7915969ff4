"""What the lead buyer weighs before freezing: costs with and without tolerance, and the next tier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing.consolidation import consolidate, total_for
from pooling.sharing.consolidation_case import ConsolidationCase
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.money import Cents, split
from pooling.sharing.tiers import line_total, price_at


class Assigned(NamedTuple):
    """What one member gets and what it costs, in cents HT."""

    units: int
    cost: Cents


@dataclass(frozen=True, slots=True)
class MemberComparison:
    """One member without and with tolerance used for a tier."""

    member: str
    without: Assigned
    with_tolerance: Assigned

    @property
    def more_units(self) -> int:
        """How many more units it takes so that a tier is reached."""
        return self.with_tolerance.units - self.without.units

    @property
    def more_cost(self) -> Cents:
        """What this costs it more (negative: what it saves)."""
        return self.with_tolerance.cost - self.without.cost


@dataclass(frozen=True, slots=True)
class ToleranceComparison:
    """The same needs consolidated twice. `members` stand in id order."""

    without: Consolidation
    with_tolerance: Consolidation
    members: Sequence[MemberComparison]

    @property
    def saving(self) -> Cents:
        """What tolerance saves on the total HT; never negative."""
        return self.without.total - self.with_tolerance.total


@dataclass(frozen=True, slots=True)
class NextTierOutlook:
    """What buying up to the next tier takes and gives; prices in euros HT, amounts in cents HT.

    `threshold` is that of the tier whose price would be paid: whole packs may reach further than the next one.
    """

    threshold: int
    missing: int
    unit_price_now: Fraction
    unit_price_then: Fraction
    saving_on_order: Cents
    extra_cost: Cents

    @property
    def worthwhile(self) -> bool:
        """Whether buying up to the tier costs less than the order as it stands."""
        return self.extra_cost < 0


def member_costs(consolidation: Consolidation, lead: str = "") -> Mapping[str, Assigned]:
    """Each member's units and cost; `lead` takes the surplus, even when it declared nothing itself."""
    units = dict(consolidation.assigned)
    if consolidation.surplus:
        units[lead] = units.get(lead, 0) + consolidation.surplus
    costs = split(consolidation.total, units)
    return {member: Assigned(units[member], costs[member]) for member in sorted(units)}


def compare_tolerance(case: ConsolidationCase, lead: str = "") -> ToleranceComparison:
    """Consolidate with and without tolerance for a tier, whatever the case says; raises RuleError."""
    without = consolidate(replace(case, use_tolerance_for_tier=False))
    with_tolerance = consolidate(replace(case, use_tolerance_for_tier=True))
    before, after = member_costs(without, lead), member_costs(with_tolerance, lead)
    members = [MemberComparison(member, before[member], after[member]) for member in sorted(before)]
    return ToleranceComparison(without, with_tolerance, members)


def next_tier_outlook(consolidation: Consolidation) -> NextTierOutlook | None:
    """What the next tier would change: on the units already ordered, and for buying what is missing to it. None where
    there is nothing to gain: no tier, nothing ordered, or a price that is not lower.
    """
    tier, case, now = consolidation.next_tier, consolidation.case, consolidation.total
    if tier is None:
        return None
    reached = consolidation.order + tier.missing
    price = price_at(reached, case.item.unit_price, case.item.tiers)
    saving = now - line_total(consolidation.order, price)
    if saving <= 0:
        return None
    return NextTierOutlook(
        threshold=max(other.threshold for other in case.item.tiers if other.threshold <= reached),
        missing=tier.missing,
        unit_price_now=consolidation.unit_price,
        unit_price_then=price,
        saving_on_order=saving,
        extra_cost=total_for(case, reached) - now,
    )

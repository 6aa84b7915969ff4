"""The consolidation result: what is ordered and who gets how much, as typed values and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pooling.sharing.consolidation_case import ConsolidationCase
from pooling.sharing.money import Cents, format_cents
from pooling.sharing.tiers import price_at

Status = Literal["ok", "nothing_declared", "minimum_not_reached", "below_one_pack"]


@dataclass(frozen=True, slots=True)
class NextTier:
    """The first tier above the order, and how many units must be added to reach it in whole packs."""

    threshold: int
    missing: int


@dataclass(frozen=True, slots=True)
class Consolidation:
    """The order for one item. Quantities are units, `total` is cents HT; `assigned` names every member."""

    case: ConsolidationCase
    status: Status
    order: int
    surplus: int
    missing: int
    total: Cents
    assigned: Mapping[str, int]
    next_tier: NextTier | None

    @property
    def packs(self) -> int:
        """How many packs are ordered."""
        return self.order // self.case.item.pack

    @property
    def tolerance_used(self) -> int:
        """How many units are taken beyond what was asked for firmly: to fill a pack, to reach the minimum or a tier."""
        return max(self.order - self.surplus - self.case.firm, 0)

    @property
    def unit_price(self) -> Fraction:
        """What one unit costs at the quantity ordered, in euros HT."""
        return price_at(self.order, self.case.item.unit_price, self.case.item.tiers)

    def to_json(self) -> dict[str, object]:
        """The result as the specification writes it."""
        tier = self.next_tier
        return {
            "case": self.case.label,
            "order": self.order,
            "packs": self.packs,
            "firm": self.case.firm,
            "tolerance": self.case.most - self.case.firm,
            "surplus": self.surplus,
            "status": self.status,
            "missing": self.missing,
            "total": format_cents(self.total),
            "assigned": dict(self.assigned),
            "next_tier": None if tier is None else {"from": tier.threshold, "missing": tier.missing},
        }

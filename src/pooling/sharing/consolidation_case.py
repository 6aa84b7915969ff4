"""The consolidation case: what was declared for one item. Quantities are units, prices euros HT."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from pooling.sharing.errors import RuleError
from pooling.sharing.tiers import Tier, check_thresholds


class Rationing(StrEnum):
    """How units are shared when there are fewer than could be taken."""

    PROPORTIONAL = "proportional"
    FIRST_COME = "first_come"
    MAX_MIN = "max_min"


class IncompletePack(StrEnum):
    """What to do with a last pack that even tolerance does not fill."""

    ROUND_DOWN = "round_down"
    ROUND_UP = "round_up"


@dataclass(frozen=True, slots=True)
class PackedItem:
    """What is ordered: sold by the `pack`, from a `minimum` on."""

    unit_price: Fraction
    tiers: tuple[Tier, ...] = ()
    pack: int = 1
    minimum: int = 0


@dataclass(frozen=True, slots=True)
class Declared:
    """What one member will take (`firm`) and the most it would accept (`up_to`)."""

    member: str
    firm: int
    up_to: int
    declared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsolidationCase:
    """Everything that the consolidation rule looks at."""

    item: PackedItem
    needs: tuple[Declared, ...] = ()
    label: str = ""
    rule: Rationing = Rationing.PROPORTIONAL
    incomplete_pack: IncompletePack = IncompletePack.ROUND_DOWN
    use_tolerance_for_tier: bool = True

    @property
    def firm(self) -> int:
        """F: the units that members will take."""
        return sum(need.firm for need in self.needs)

    @property
    def most(self) -> int:
        """M: the most that members would accept."""
        return sum(need.up_to for need in self.needs)


def check_item(item: PackedItem) -> None:
    """Raise `invalid_quantity`, `invalid_amount`, `duplicate` for an item that cannot be ordered."""
    check_thresholds([tier.threshold for tier in item.tiers], "item")
    if any(price < 0 for price in (item.unit_price, *(tier.unit_price for tier in item.tiers))):
        raise RuleError("invalid_amount", "item.unit_price")
    if item.pack < 1:
        raise RuleError("invalid_quantity", "item.pack")
    if item.minimum < 0:
        raise RuleError("invalid_quantity", "item.minimum")


def check_needs(needs: tuple[Declared, ...]) -> None:
    """Raise `invalid_quantity` or `duplicate` on the first need that cannot hold."""
    known: set[str] = set()
    for need in needs:
        if need.firm < 0 or need.up_to < need.firm:
            raise RuleError("invalid_quantity", f"needs.{need.member}")
        if need.member in known:
            raise RuleError("duplicate", f"needs.{need.member}")
        known.add(need.member)

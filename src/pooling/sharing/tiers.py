"""Price tiers, as both rules read them: the price of the highest tier reached applies to all units."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pooling.sharing import reading
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents, half_up, parse_fraction

PRICE_DECIMALS = 4

_TIER = reading.Shape(required="from unit_price")


@dataclass(frozen=True, slots=True)
class Tier:
    """From `threshold` pooled units on, every unit costs `unit_price` euros HT."""

    threshold: int
    unit_price: Fraction


@dataclass(frozen=True, slots=True)
class TierDraft:
    """A tier whose shape has been read, but not yet its price."""

    threshold: int
    unit_price: object


def price_at(quantity: int, base: Fraction, tiers: Sequence[Tier]) -> Fraction:
    """The unit price in euros HT for `quantity` pooled units; `base` below every tier."""
    reached = [tier for tier in tiers if tier.threshold <= quantity]
    return max(reached, key=lambda tier: tier.threshold).unit_price if reached else base


def line_total(quantity: int, price: Fraction) -> Cents:
    """The HT of a line, rounded once."""
    return half_up(quantity * price * 100)


def next_tier(quantity: int, tiers: Sequence[Tier]) -> Tier | None:
    """The first tier that `quantity` does not reach."""
    return min((tier for tier in tiers if tier.threshold > quantity), key=lambda tier: tier.threshold, default=None)


def check_thresholds(thresholds: Sequence[int], field: str) -> None:
    """Refuse two tiers from the same quantity (no order between them) and negative ones."""
    seen: set[int] = set()
    for threshold in thresholds:
        if threshold in seen:
            raise RuleError("duplicate", f"{field}.tiers.{threshold}")
        if threshold < 0:
            raise RuleError("malformed", f"{field}.tiers.{threshold}")
        seen.add(threshold)


def draft_tiers(record: reading.Record, field: str) -> tuple[TierDraft, ...]:
    """Read the shape of `tiers`; their prices are read later, with the line's."""
    drafts = []
    for place, raw in enumerate(reading.array(record, "tiers", field)):
        path = f"{field}.tiers[{place}]"
        tier = _TIER.read(raw, path)
        drafts.append(TierDraft(reading.integer(tier["from"], f"{path}.from"), tier["unit_price"]))
    check_thresholds([draft.threshold for draft in drafts], field)
    return tuple(drafts)


def priced_tiers(drafts: Sequence[TierDraft], field: str) -> tuple[Tier, ...]:
    """Read the prices; raises `invalid_amount`."""
    return tuple(
        Tier(
            draft.threshold,
            parse_fraction(draft.unit_price, PRICE_DECIMALS, field=f"{field}.tiers.{draft.threshold}"),
        )
        for draft in drafts
    )

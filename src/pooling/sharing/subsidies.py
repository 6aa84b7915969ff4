"""Co-funding: what each member may claim, and its share of what is paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pooling.sharing.allocation_case import AmountSubsidy, RateSubsidy
from pooling.sharing.money import Cents, half_up_ratio
from pooling.sharing.pool import Pool, added_up, check_known
from pooling.sharing.shares import Shares


@dataclass(frozen=True, slots=True)
class SubsidyLine:
    """A subsidy as shared: claims are `claims[place] / denominator` cents, exact."""

    subsidy: RateSubsidy | AmountSubsidy
    eligible: Sequence[Cents]
    units: Sequence[int]
    claims: Sequence[int]
    denominator: int
    shares: Shares


def subsidy_line(
    subsidy: RateSubsidy | AmountSubsidy,
    pool: Pool,
    item_shares: Mapping[str, Shares],
    charge_shares: Mapping[str, Shares],
) -> SubsidyLine:
    """Share a subsidy; raises `unknown_item`, `unknown_charge`, `unknown_member`, `duplicate`, `no_basis`."""
    field = f"subsidies.{subsidy.id}"
    items = pool.items_of(subsidy.items, f"{field}.items")
    check_known(subsidy.charges, charge_shares, "unknown_charge", f"{field}.charges")
    counted = [item_shares[id_].cents for id_ in items] + [charge_shares[id_].cents for id_ in subsidy.charges]
    eligible = [max(cost, 0) for cost in added_up(counted, pool.size)]
    if subsidy.members is not None:
        places = set(pool.places_of(subsidy.members, f"{field}.members"))
        eligible = [cost if place in places else 0 for place, cost in enumerate(eligible)]
    units = pool.units(items)
    claims, denominator = _claims(subsidy, eligible, units)
    total = _total(subsidy, claims, denominator)
    return SubsidyLine(subsidy, eligible, units, claims, denominator, Shares.weighted(total, claims, field))


def _claims(
    subsidy: RateSubsidy | AmountSubsidy, eligible: Sequence[Cents], units: Sequence[int]
) -> tuple[Sequence[int], int]:
    """What each member may claim, unrounded, over one denominator."""
    if isinstance(subsidy, AmountSubsidy):
        return eligible, 1
    ratio = subsidy.rate / 100
    claims = [ratio.numerator * cost for cost in eligible]
    if subsidy.cap_per_unit is not None:
        cap = subsidy.cap_per_unit * ratio.denominator
        claims = [min(claim, cap * units) for claim, units in zip(claims, units, strict=True)]
    return claims, ratio.denominator


def _total(subsidy: RateSubsidy | AmountSubsidy, claims: Sequence[int], denominator: int) -> Cents:
    ceiling = subsidy.amount if isinstance(subsidy, AmountSubsidy) else subsidy.cap_total
    total = half_up_ratio(sum(claims), denominator)
    return total if ceiling is None else min(total, ceiling)

"""The consolidation rule: from declared needs to what is ordered, and who gets how much.

`consolidate` takes a typed case, `consolidate_raw` and `consolidate_json` any JSON value.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pooling.sharing.consolidation_case import ConsolidationCase, IncompletePack, check_item, check_needs
from pooling.sharing.consolidation_reading import read_case
from pooling.sharing.consolidation_result import Consolidation, NextTier, Status
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents
from pooling.sharing.rationing import ration
from pooling.sharing.reading import label_of
from pooling.sharing.tiers import line_total, next_tier, price_at


class Order(NamedTuple):
    """How many units are ordered, how many of them nobody declared, and why not more."""

    units: int
    surplus: int = 0
    status: Status = "ok"
    missing: int = 0


def consolidate(case: ConsolidationCase) -> Consolidation:
    """Decide what is ordered; raises RuleError on the first thing that does not fit, in reading order."""
    check_item(case.item)
    check_needs(case.needs)
    order = _order(case)
    return Consolidation(
        case=case,
        status=order.status,
        order=order.units,
        surplus=order.surplus,
        missing=order.missing,
        total=total_for(case, order.units),
        assigned=_assigned(case, order),
        next_tier=_next_tier(case, order.units),
    )


def consolidate_raw(raw: object) -> Consolidation:
    """Decide on a JSON case; raises RuleError on the first thing that does not fit, in reading order."""
    reading = read_case(raw)
    consolidation = consolidate(reading.case)
    if reading.error is not None:
        raise reading.error
    return consolidation


def consolidate_json(raw: object) -> dict[str, object]:
    """The result of a JSON case, or its error, as JSON; never raises, whatever `raw` is."""
    try:
        return consolidate_raw(raw).to_json()
    except RuleError as error:
        return error.to_json(label_of(raw))


def total_for(case: ConsolidationCase, units: int) -> Cents:
    """What `units` would cost, in cents HT."""
    return line_total(units, price_at(units, case.item.unit_price, case.item.tiers))


def whole_packs(units: int, pack: int) -> int:
    """The smallest multiple of `pack` that holds `units`."""
    return -(-units // pack) * pack


def _order(case: ConsolidationCase) -> Order:
    pack, firm, most = case.item.pack, case.firm, case.most
    if firm == 0:
        return Order(0, status="nothing_declared")
    units, surplus = _fill_last_pack(case)
    if units < case.item.minimum:
        units, surplus = whole_packs(case.item.minimum, pack), 0
        if units > most:
            return Order(0, status="minimum_not_reached", missing=units - most)
    if units == 0:
        return Order(0, status="below_one_pack", missing=pack - most)
    if case.use_tolerance_for_tier and surplus == 0:
        units = _cheapest(case, units)
    return Order(units, surplus)


def _fill_last_pack(case: ConsolidationCase) -> tuple[int, int]:
    """Units in whole packs, and those beyond what members accept: the lead buyer's stock."""
    units = whole_packs(case.firm, case.item.pack)
    if units <= case.most:
        return units, 0
    if case.incomplete_pack is IncompletePack.ROUND_UP:
        return units, units - case.most
    return case.firm // case.item.pack * case.item.pack, 0


def _cheapest(case: ConsolidationCase, units: int) -> int:
    """The quantity with the lowest total: `units`, or what tolerance allows to reach a tier."""
    raised = (whole_packs(max(units, tier.threshold), case.item.pack) for tier in case.item.tiers)
    candidates = [units, *(candidate for candidate in raised if candidate <= case.most)]
    return min(candidates, key=lambda candidate: (total_for(case, candidate), candidate))


def _assigned(case: ConsolidationCase, order: Order) -> Mapping[str, int]:
    firm = {need.member: need.firm for need in case.needs}
    if order.units < case.firm:
        return ration(order.units, firm, case.needs, case.rule)
    tolerances = {need.member: need.up_to - need.firm for need in case.needs}
    more = ration(order.units - order.surplus - case.firm, tolerances, case.needs, case.rule)
    return {member: units + more[member] for member, units in firm.items()}


def _next_tier(case: ConsolidationCase, units: int) -> NextTier | None:
    tier = next_tier(units, case.item.tiers)
    if tier is None:
        return None
    return NextTier(tier.threshold, whole_packs(tier.threshold, case.item.pack) - units)

"""What the lead buyer weighs before freezing."""

from dataclasses import replace
from fractions import Fraction

import pytest

from pooling.sharing.comparison import compare_tolerance, member_costs, next_tier_outlook
from pooling.sharing.consolidation import consolidate
from pooling.sharing.consolidation_case import ConsolidationCase, Declared, IncompletePack, PackedItem
from pooling.sharing.tiers import Tier

RACKS = ConsolidationCase(
    item=PackedItem(Fraction(180), (Tier(50, Fraction(150)), Tier(60, Fraction(140))), pack=5),
    needs=(Declared("a", 20, 30), Declared("b", 23, 25)),
)


@pytest.mark.parametrize("used", [True, False])
def test_costs_with_and_without_tolerance(*, used: bool) -> None:
    compared = compare_tolerance(replace(RACKS, use_tolerance_for_tier=used))
    assert (compared.without.order, compared.with_tolerance.order, compared.saving) == (45, 50, 60000)
    assert [(m.member, m.without, m.with_tolerance, m.more_units, m.more_cost) for m in compared.members] == [
        ("a", (22, 396000), (26, 390000), 4, -6000),
        ("b", (23, 414000), (24, 360000), 1, -54000),
    ]


def test_what_the_next_tier_takes_and_gives() -> None:
    outlook = next_tier_outlook(consolidate(replace(RACKS, use_tolerance_for_tier=False)))
    assert outlook is not None
    assert (outlook.threshold, outlook.missing) == (50, 5)
    assert (outlook.unit_price_now, outlook.unit_price_then) == (Fraction(180), Fraction(150))
    assert (outlook.saving_on_order, outlook.extra_cost, outlook.worthwhile) == (45 * 3000, 750000 - 810000, True)
    beyond = next_tier_outlook(consolidate(RACKS))
    assert beyond is not None
    assert (beyond.threshold, beyond.missing, beyond.extra_cost, beyond.worthwhile) == (60, 10, 90000, False)


def test_no_tier_no_outlook() -> None:
    assert next_tier_outlook(consolidate(replace(RACKS, item=PackedItem(Fraction(180))))) is None


def test_whole_packs_may_reach_a_further_tier_whose_price_is_then_paid() -> None:
    tiers = (Tier(60, Fraction(9)), Tier(90, Fraction(5)))
    case = ConsolidationCase(item=PackedItem(Fraction(10), tiers, pack=50), needs=(Declared("a", 50, 50),))
    result = consolidate(case)
    assert result.next_tier is not None
    assert (result.next_tier.threshold, result.next_tier.missing) == (60, 50), "the result follows the rule"
    outlook = next_tier_outlook(result)
    assert outlook is not None
    assert (outlook.threshold, outlook.missing, outlook.unit_price_then) == (90, 50, Fraction(5))
    assert (outlook.saving_on_order, outlook.extra_cost) == (25000, 0)


@pytest.mark.parametrize(("then", "firm"), [("12", 7), ("10", 7), ("8", 0)], ids=["dearer", "same", "nothing ordered"])
def test_a_tier_that_saves_nothing_is_not_told(then: str, firm: int) -> None:
    item = PackedItem(Fraction(10), (Tier(20, Fraction(then)),))
    assert next_tier_outlook(consolidate(ConsolidationCase(item=item, needs=(Declared("a", firm, firm),)))) is None


def test_the_lead_pays_for_the_surplus() -> None:
    case = ConsolidationCase(
        item=PackedItem(Fraction(10), pack=10),
        needs=(Declared("a", 7, 7), Declared("b", 8, 8)),
        incomplete_pack=IncompletePack.ROUND_UP,
    )
    result = consolidate(case)
    assert member_costs(result, "b") == {"a": (7, 7000), "b": (13, 13000)}
    assert member_costs(result, "z") == {"a": (7, 7000), "b": (8, 8000), "z": (5, 5000)}
    assert member_costs(result)[""] == (5, 5000), "nobody leads yet"
    assert compare_tolerance(case).members[0].member == ""
    compared = compare_tolerance(case, "z")
    assert [(m.member, m.more_units, m.more_cost) for m in compared.members] == [("a", 0, 0), ("b", 0, 0), ("z", 0, 0)]

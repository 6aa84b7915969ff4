"""How quotes compare: least quantities, what would be ordered, the best ones, shares, criteria."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.quotes.models import CriterionKind
from pooling.quotes.rules import (
    Criterion,
    Given,
    Offer,
    OfferedLine,
    Wanted,
    best_by_line,
    best_by_lot,
    best_whole,
    chosen,
    criteria_error,
    earliest,
    line_outcome,
    marks_of,
    member_shares,
    outcome,
    scores,
)
from pooling.sharing.consolidation_case import ConsolidationCase, Declared, IncompletePack, PackedItem
from pooling.sharing.tiers import Tier, line_total, price_at


def offered(price: str, *tiers: tuple[int, str], **more: int) -> OfferedLine:
    return OfferedLine(Fraction(price), tuple(Tier(start, Fraction(each)) for start, each in tiers), **more)


def wanted(code: str, firm: int, most: int | None = None, *, lot: int | None = None) -> Wanted:
    needs = (Declared("", firm, firm if most is None else most),)
    return Wanted(code, Fraction(20), ConsolidationCase(PackedItem(Fraction(0)), needs), lot)


def offer(
    number: int, delivery: int = 0, days: int | None = None, *, whole: bool = True, **lines: OfferedLine
) -> Offer:
    return Offer(number, lines, frozenset({"rack", "shelter"}), whole, delivery, Fraction(20), days)


@pytest.mark.parametrize(
    ("line", "least"),
    [
        (offered("10"), 0),
        (offered("10", minimum=7), 7),
        (offered("10", minimum_cents=10_000), 10),
        (offered("10", minimum_cents=10_001), 11),
        (offered("10", minimum_cents=10_001, pack=5), 15),
        (offered("10", (11, "5"), minimum_cents=10_001), 21),  # 11 units at 5 € come to less
        (offered("0.001", minimum_cents=1), 5),  # half a cent is rounded up to one
        (offered("0", minimum_cents=1), None),
        (offered("0", (100, "1"), minimum_cents=1), 100),
    ],
)
def test_the_least_that_reaches_quantity_and_amount(line: OfferedLine, least: int | None) -> None:
    assert line.least == least


@pytest.mark.parametrize(
    ("line", "firm", "most", "status", "units", "total"),
    [
        (None, 5, 5, "not_offered", 0, 0),
        (offered("10"), 0, 0, "nothing_declared", 0, 0),
        (offered("10"), 20, 20, "ok", 20, 20_000),
        (offered("10", pack=8), 20, 20, "ok", 16, 16_000),
        (offered("10", pack=8), 20, 24, "ok", 24, 24_000),
        (offered("10", (24, "8")), 20, 24, "ok", 24, 19_200),  # tolerance reaches the cheaper tier
        (offered("10", pack=50), 20, 20, "below_one_pack", 0, 0),
        (offered("10", minimum=25), 20, 20, "minimum_not_reached", 0, 0),
        (offered("10", minimum_cents=25_000), 20, 20, "amount_not_reached", 0, 0),
        (offered("10", minimum_cents=25_000), 20, 25, "ok", 25, 25_000),
        (offered("10", (22, "5"), minimum_cents=15_000), 20, 22, "amount_not_reached", 0, 0),
    ],
)
def test_what_would_be_ordered_of_a_line(
    line: OfferedLine | None, firm: int, most: int, status: str, units: int, total: int
) -> None:
    found = line_outcome(wanted("rack", firm, most), line)
    assert (found.status, found.units, found.total) == (status, units, total)
    assert found.covers == (units >= firm)


def test_the_best_as_a_whole_by_line_by_lot_and_the_earliest() -> None:
    needed = [wanted("rack", 20, lot=1), wanted("shelter", 2, lot=2)]
    offers = [
        offer(1, delivery=10_000, days=30, rack=offered("100"), shelter=offered("900")),
        offer(2, days=20, rack=offered("110"), shelter=offered("900")),
        offer(3, days=5, rack=offered("80")),
    ]
    baskets = {one.id: outcome(needed, one) for one in offers}
    assert {id_: (one.ht, one.ttc, one.is_complete) for id_, one in baskets.items()} == {
        1: (390_000, 468_000, True),
        2: (400_000, 480_000, True),
        3: (160_000, 192_000, False),
    }
    assert best_whole(baskets, offers) == 1
    assert earliest(baskets, offers) == 2, "the third one leaves the shelters out"
    assert best_by_line(needed, offers) == {"rack": 3, "shelter": 1}
    assert best_by_lot(needed, offers) == {"rack": 3, "shelter": 2}, "its delivery makes the first one dearer"
    assert chosen(needed, offers, {"rack": 3, "shelter": 2}).ht == 340_000
    assert chosen(needed, offers, {"rack": 1, "shelter": 1}).ht == 390_000, "one delivery"


def test_vat_is_counted_on_all_that_bears_a_rate() -> None:
    needed = [Wanted("rack", Fraction("5.5"), wanted("rack", 1).case), wanted("shelter", 1)]
    basket = outcome(needed, offer(1, delivery=3, rack=offered("0.1"), shelter=offered("0.02")))
    assert (basket.ht, basket.vat) == (15, 2), "1 cent of 0.55, and 1 of 1 on 2 and 3 cents together"


LINES = st.builds(
    OfferedLine,
    st.integers(1, 20_000).map(lambda cents: Fraction(cents, 100)),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20_000)), max_size=3, unique_by=lambda tier: tier[0]).map(
        lambda tiers: tuple(Tier(start, Fraction(cents, 100)) for start, cents in tiers)
    ),
    st.integers(1, 9),
    st.integers(0, 30),
    st.integers(0, 500_000),
)


@given(LINES)
def test_the_least_is_reached_and_nothing_below_it_is(line: OfferedLine) -> None:
    """Of whole packs: at the least both minimums hold, and below it one fails."""

    def holds(units: int) -> bool:
        total = line_total(units, price_at(units, line.unit_price, line.tiers))
        return units >= line.minimum and total >= line.minimum_cents

    if line.least is not None and line.minimum_cents:
        assert holds(line.least)
        assert not any(holds(units) for units in range(0, line.least, line.pack))


NEEDS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), min_size=1, max_size=6)


@given(NEEDS, LINES, LINES, st.integers(0, 50_000), st.sampled_from(IncompletePack))
def test_shares_add_up_to_the_basket(
    needs: list[tuple[int, int]], rack: OfferedLine, shelter: OfferedLine, delivery: int, pack: IncompletePack
) -> None:
    """To the cent, whatever is ordered; a surplus of packs is the lead's."""
    filed = {
        code: [Declared(f"m{place}", firm, firm + more) for place, (firm, more) in enumerate(part)]
        for code, part in {"rack": needs, "shelter": needs[::2]}.items()
    }
    needed = []
    for code, declared in filed.items():
        sums = Declared("", sum(need.firm for need in declared), sum(need.up_to for need in declared))
        case = ConsolidationCase(PackedItem(Fraction(0)), (sums,), incomplete_pack=pack)
        needed.append(Wanted(code, Fraction("5.5") if code == "rack" else Fraction(20), case))
    choice = {"rack": 1, "shelter": 2}
    basket = chosen(needed, [offer(1, delivery, rack=rack), offer(2, delivery, shelter=shelter)], choice)
    shares = member_shares(basket, choice, filed, "m0")
    assert sum(ht for ht, _ in shares.values()) == basket.ht
    assert sum(ttc for _, ttc in shares.values()) == basket.ttc


def criterion(number: int, kind: CriterionKind, weight: int) -> Criterion:
    return Criterion(number, kind, str(kind), Fraction(weight))


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({}, None),
        ({CriterionKind.LIFE_CYCLE: 100}, None),
        ({CriterionKind.PRICE: 60, CriterionKind.ENVIRONMENT: 40}, None),
        ({CriterionKind.LIFE_CYCLE: 60, CriterionKind.QUALITY: 40}, None),
        ({CriterionKind.PRICE: 100}, "R2152-7"),
        ({CriterionKind.PRICE: 60, CriterionKind.QUALITY: 40}, "R2152-7"),
        ({CriterionKind.PRICE: 60, CriterionKind.ENVIRONMENT: 30}, "100"),
        ({CriterionKind.PRICE: 60, CriterionKind.LIFE_CYCLE: 40}, "comprend le prix"),
    ],
)
def test_what_the_law_has_against_criteria(kinds: dict[CriterionKind, int], said: str | None) -> None:
    error = criteria_error([criterion(place, kind, weight) for place, (kind, weight) in enumerate(kinds.items(), 1)])
    assert error is None if said is None else said in (error or "")


def test_prices_and_delays_are_marked_against_the_best_and_the_rest_as_given() -> None:
    needed = [wanted("rack", 10)]
    offers = [
        offer(1, days=10, rack=offered("100")),
        offer(2, days=20, rack=offered("80")),
        offer(3, rack=offered("70", pack=50)),
    ]
    baskets = {one.id: outcome(needed, one) for one in offers}
    criteria = [
        criterion(1, CriterionKind.PRICE, 50),
        criterion(2, CriterionKind.DELAY, 20),
        criterion(3, CriterionKind.ENVIRONMENT, 30),
    ]
    given_ = {(3, 1): Given(Fraction(18)), (3, 2): Given(Fraction(10)), (3, 3): Given(Fraction(20))}
    marks = marks_of(criteria, offers, baskets, given_)
    assert marks == {
        (1, 1): Fraction(16), (1, 2): Fraction(20), (2, 1): Fraction(20), (2, 2): Fraction(10),
        (3, 1): Fraction(18), (3, 2): Fraction(10), (3, 3): Fraction(20),
    }  # fmt: skip
    assert scores(criteria, offers, marks) == {1: Fraction("17.4"), 2: Fraction(15)}, "nothing of the third is ordered"

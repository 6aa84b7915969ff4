"""What holds whatever is divided among a member's places."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.sharing.places import over_places

MAIN = 10**6
units = st.integers(0, 10**6)
wishes = st.dictionaries(st.integers(1, 500), st.integers(0, 10**6), max_size=20)


@given(units, wishes)
def test_all_units_go_somewhere_and_none_is_owed(units: int, wished: dict[int, int]) -> None:
    given = over_places(units, wished, MAIN)
    assert sum(given.values()) == units
    assert all(share > 0 for share in given.values())
    some = {place for place, wish in wished.items() if wish}
    assert set(given) <= (some or {MAIN})


@given(units, wishes)
def test_nobody_is_a_unit_or_more_away_from_its_proportion(units: int, wished: dict[int, int]) -> None:
    whole = sum(wished.values())
    given = over_places(units, wished, MAIN)
    for place, wish in wished.items():
        if whole:
            assert abs(given.get(place, 0) - Fraction(units * wish, whole)) < 1


@given(wishes.filter(lambda wished: sum(wished.values()) > 0))
def test_what_adds_up_is_taken_as_it_is(wished: dict[int, int]) -> None:
    assert over_places(sum(wished.values()), wished, MAIN) == {place: wish for place, wish in wished.items() if wish}


@given(units, wishes, st.randoms(use_true_random=False))
def test_the_order_in_which_places_are_told_does_not_matter(
    units: int, wished: dict[int, int], random: st.DataObject
) -> None:
    turned = list(wished.items())
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert over_places(units, dict(turned), MAIN) == over_places(units, wished, MAIN)


@given(units, wishes)
def test_what_came_of_it_comes_again(units: int, wished: dict[int, int]) -> None:
    """A split that is confirmed as it was shown stays as it is."""
    given = over_places(units, wished, MAIN)
    kept = {place: share for place, share in given.items() if place is not None}
    assert over_places(units, kept, MAIN) == given


@pytest.mark.parametrize(
    ("units", "wished", "given"),
    [
        (10, {1: 5, 2: 3, 3: 2}, {1: 5, 2: 3, 3: 2}),
        (5, {1: 5, 2: 3, 3: 2}, {1: 3, 2: 1, 3: 1}),  # 2,5 – 1,5 – 1: between equal fractions the larger wish first
        (1, {1: 1, 2: 1}, {1: 1}),  # all alike: the place that was known first
        (3, {1: 1, 2: 1}, {1: 2, 2: 1}),
        (7, {}, {MAIN: 7}),
        (7, {1: 0}, {MAIN: 7}),
        (0, {1: 4}, {}),
        (0, {}, {}),
    ],
)
def test_ties_and_edges(units: int, wished: dict[int, int], given: dict[int, int]) -> None:
    assert over_places(units, wished, MAIN) == given


def test_without_any_place_units_are_still_counted() -> None:
    assert over_places(4, {}, None) == {None: 4}

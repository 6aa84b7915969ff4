"""Rounding, sharing, reading and writing cents."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.sharing.errors import RuleError
from pooling.sharing.money import (
    apportion,
    apportion_in_order,
    format_cents,
    format_decimal,
    half_up,
    half_up_ratio,
    parse_cents,
    parse_fraction,
    parse_scaled,
    proportions,
    split,
)

CENTS = st.integers(-(10**9), 10**9)
WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(0, 500) | st.fractions(0, 9), min_size=1, max_size=9).filter(
    lambda weights: any(weights.values())
)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.4", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-0.49", 0), ("-2.5", -3), ("7", 7), ("1/3", 0)],
)
def test_half_up_goes_away_from_zero(exact: str, rounded: int) -> None:
    assert half_up(Fraction(exact)) == rounded
    assert half_up_ratio(Fraction(exact).numerator * 7, Fraction(exact).denominator * 7) == rounded


@given(CENTS, WEIGHTS)
def test_shares_sum_and_stay_within_a_cent_of_the_exact_ones(total: int, weights: dict[str, Fraction]) -> None:
    shares = split(total, weights)
    assert sum(shares.values()) == total
    for id_, weight in weights.items():
        assert abs(shares[id_] - total * weight / Fraction(sum(weights.values()))) < 1


@given(CENTS, WEIGHTS)
def test_a_weight_of_zero_never_pays(total: int, weights: dict[str, Fraction]) -> None:
    weights = {**weights, "~~~~": Fraction(0)}
    shares = split(total, weights)
    assert {shares[id_] for id_, weight in weights.items() if not weight} == {0}


@given(CENTS, WEIGHTS, st.randoms())
def test_the_order_of_the_input_never_matters(total: int, weights: dict[str, Fraction], random: object) -> None:
    ids = list(weights)
    random.shuffle(ids)  # type: ignore[attr-defined]
    assert split(total, {id_: weights[id_] for id_ in ids}) == split(total, weights)


@given(CENTS, WEIGHTS)
def test_a_credit_note_mirrors_its_invoice(total: int, weights: dict[str, Fraction]) -> None:
    assert split(-total, weights) == {id_: -share for id_, share in split(total, weights).items()}


@given(CENTS, WEIGHTS)
def test_a_larger_weight_never_pays_less(total: int, weights: dict[str, Fraction]) -> None:
    shares = split(total, weights)
    by_weight = sorted(weights, key=lambda id_: (weights[id_], abs(shares[id_])))
    sizes = [abs(shares[id_]) for id_ in by_weight]
    assert sizes == sorted(sizes)


@given(st.dictionaries(st.text(max_size=2), st.fractions(-50, 50), min_size=1, max_size=8))
def test_shares_of_either_sign_are_apportioned_to_their_rounded_sum(exact: dict[str, Fraction]) -> None:
    total = half_up(sum(exact.values(), Fraction(0)))
    shares = apportion(total, exact)
    assert sum(shares.values()) == total
    missing = total - sum(int(share) for share in exact.values())
    for id_, share in shares.items():
        given_cent = share - int(exact[id_])
        assert given_cent in (0, (missing > 0) - (missing < 0))
        assert given_cent * (exact[id_] - int(exact[id_])) >= 0


def test_missing_cents_go_by_fraction_then_by_share_then_by_id() -> None:
    exact = {"d": Fraction("1.4"), "a": Fraction("0.2"), "b": Fraction("1.2"), "c": Fraction("1.2")}
    assert apportion(4, exact) == {"a": 0, "b": 1, "c": 1, "d": 2}
    assert apportion(5, exact) == {"a": 0, "b": 2, "c": 1, "d": 2}
    assert apportion(6, exact) == {"a": 0, "b": 2, "c": 2, "d": 2}
    assert apportion(7, exact) == {"a": 1, "b": 2, "c": 2, "d": 2}


def test_a_total_far_from_the_shares_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="2 cents are left for 1 shares"):
        apportion(3, {"a": Fraction(3, 2), "b": Fraction(0)})
    with pytest.raises(ValueError, match="2 cents are left for 1 shares"):
        apportion(4, {"a": Fraction(3, 2), "b": Fraction(1)})
    with pytest.raises(ValueError, match="-1 cents are left for 0 shares"):
        apportion_in_order(0, [3, 0], 2)


def test_shares_of_any_size_are_whole_numbers() -> None:
    """Beyond 10 ** 308, where floating point ends."""
    half = Fraction(10**400 + 1, 2)
    assert apportion(10**400 + 1, {"a": half, "b": half}) == {"a": 10**400 // 2 + 1, "b": 10**400 // 2}


def test_nothing_to_share_needs_no_weight() -> None:
    assert split(0, {"a": 0}) == {"a": 0}
    assert split(0, {}) == {}
    with pytest.raises(RuleError, match=r"no_basis: charges\.x"):
        proportions(1, [0, 0], "charges.x")
    with pytest.raises(RuleError, match=r"^no_basis: $"):
        split(-1, {})
    with pytest.raises(ValueError, match=r"^a weight is never negative$"):
        split(1, {"a": 3, "b": -1})


@pytest.mark.parametrize(
    ("text", "cents"), [("0", 0), ("-0.00", 0), ("12", 1200), ("12.3", 1230), ("-12.34", -1234), ("007.10", 710)]
)
def test_amounts_are_read_exactly(text: str, cents: int) -> None:
    assert parse_cents(text, signed=True) == cents


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "1.", ".1", "1.234", "1e2", "+1", " 1", "1 ", "1\n", "1,2", "١", "1_0", "--1", "0x1", 1, None],
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(RuleError, match="invalid_amount: here"):
        parse_cents(text, signed=True, field="here")


@pytest.mark.parametrize(
    "read", [parse_cents, lambda text: parse_scaled(text, 2), lambda text: parse_fraction(text, 2)]
)
def test_an_amount_of_no_field_points_nowhere(read: Callable[[str], object]) -> None:
    with pytest.raises(RuleError, match=r"^invalid_amount: $"):
        read("x")


def test_signs_decimals_and_length_are_bounded() -> None:
    assert parse_scaled("0.0375", 4) == 375
    assert parse_fraction("33.333333", 6) == Fraction(33333333, 1000000)
    assert parse_scaled("9" * 100, 0) == 10**100 - 1
    for refused in ("-1", "-0", "1.00000", "9" * 101):
        with pytest.raises(RuleError, match="invalid_amount"):
            parse_scaled(refused, 4)


@given(CENTS)
def test_amounts_are_written_as_they_are_read(cents: int) -> None:
    assert parse_cents(format_cents(cents), signed=True) == cents
    assert Fraction(format_cents(cents)) * 100 == cents


@pytest.mark.parametrize(
    ("value", "at_least", "text"),
    [
        ("20", 0, "20"),
        ("0", 0, "0"),
        ("0", 2, "0.00"),
        ("11/2", 0, "5.5"),
        ("165", 2, "165.00"),
        ("1/40", 2, "0.025"),
        ("3/80", 2, "0.0375"),
        ("1/16", 3, "0.0625"),
        ("-1/8", 0, "-0.125"),
        ("1/100", 0, "0.01"),
    ],
)
def test_decimals_are_as_many_as_needed(value: str, at_least: int, text: str) -> None:
    assert format_decimal(Fraction(value), at_least) == text


def test_a_third_has_no_end() -> None:
    with pytest.raises(ValueError, match="1/3 has no end"):
        format_decimal(Fraction(1, 3))

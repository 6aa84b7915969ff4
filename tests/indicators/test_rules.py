"""What indicators come to: tables, and what holds of any figures."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.indicators.configuration import CleanVehicles, IndicatorConfiguration
from pooling.indicators.rules import (
    Brought,
    Fleet,
    brought_of,
    carbon_avoided,
    expected_meetings,
    keeps_quota,
    median,
    ratio,
)
from pooling.sharing.savings import Bought, saving_of


@pytest.mark.parametrize(
    ("every", "since", "until", "expected"),
    [
        (3, date(2027, 1, 1), date(2027, 12, 31), 4),
        (1, date(2027, 1, 1), date(2027, 12, 31), 12),
        (12, date(2027, 1, 1), date(2027, 12, 31), 1),
        (3, date(2027, 1, 1), date(2027, 3, 30), 0),
        (3, date(2027, 1, 1), date(2027, 3, 31), 1),
        (3, date(2027, 2, 15), date(2027, 12, 31), 3),
        (3, date(2027, 5, 31), date(2027, 5, 1), 0),
        (1, date(2027, 1, 31), date(2027, 2, 28), 1),
    ],
)
def test_meetings_are_expected_for_whole_periods(every: int, since: date, until: date, expected: int) -> None:
    assert expected_meetings(every, since, until) == expected


@given(st.integers(1, 12), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 2000), st.integers(0, 400))
def test_time_that_goes_on_never_asks_for_fewer(every: int, since: date, days: int, more: int) -> None:
    until = date.fromordinal(since.toordinal() + days)
    later = date.fromordinal(until.toordinal() + more)
    assert 0 <= expected_meetings(every, since, until) <= expected_meetings(every, since, later)


def test_a_cadence_is_a_number_of_months() -> None:
    with pytest.raises(ValueError, match="0"):
        expected_meetings(0, date(2027, 1, 1), date(2027, 12, 31))


def test_what_is_saved_is_never_guessed() -> None:
    saving = saving_of(
        [
            Bought(10, 165_000, Fraction(180)),  # 1 800 € alone, 1 650 € together
            Bought(3, 100_00, Fraction("30.005")),  # dearer together, and a half cent rounded away from zero
            Bought(5, 999_999, None),
            Bought(0, 0, Fraction(5)),
        ]
    )
    assert saving.alone == 180_000 + 9002
    assert saving.cents == 15_000 + (9002 - 10_000)
    assert saving.without == 1
    assert saving.rate == Fraction(14_002, 189_002)
    assert saving_of([Bought(5, 100, None)]).rate is None


@given(
    st.lists(
        st.tuples(st.integers(0, 1000), st.integers(0, 10**9), st.fractions(0, 10_000, max_denominator=10_000)),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_savings_add_up_in_any_order(items: list[tuple[int, int, Fraction]], random: object) -> None:
    bought = [Bought(*item) for item in items]
    whole = saving_of(bought)
    assert whole.cents == sum(saving_of([one]).cents for one in bought)
    assert saving_of(reversed(bought)) == whole
    assert whole.cents <= whole.alone


@pytest.mark.parametrize(
    ("fleet", "low", "very_low", "kept"),
    [
        (Fleet(2, 2, 6), "40", "20", (True, True)),
        (Fleet(2, 1, 6), "40", "20", (False, True)),
        (Fleet(374, 0, 626), "37.4", "37.4", (True, True)),
        (Fleet(373, 0, 627), "37.4", "37.4", (False, False)),
        (Fleet(), "40", "20", (None, None)),
    ],
)
def test_quotas_count_very_low_emissions_among_the_low_ones(
    fleet: Fleet, low: str, very_low: str, kept: tuple[bool | None, bool | None]
) -> None:
    assert (keeps_quota(fleet.clean_rate, Decimal(low)), keeps_quota(fleet.very_low_rate, Decimal(very_low))) == kept


def test_carbon_may_be_avoided_or_added() -> None:
    assert carbon_avoided(10, 1200, Decimal("0.1423"), Decimal("0.01095")) == Fraction("1576.2")
    assert carbon_avoided(1, 100, Decimal(0), Decimal("0.5")) == -50


@pytest.mark.parametrize(("values", "middle"), [([], None), ([7], 7), ([9, 1, 5], 5), ([4, 1, 2, 9], 3)])
def test_the_median_is_the_middle(values: list[int], middle: int | None) -> None:
    assert median(values) == middle


def test_a_rate_of_nothing_is_not_given() -> None:
    assert ratio(3, 0) is None
    assert ratio(3, 4) == Fraction(3, 4)


def test_the_law_of_a_day_is_one() -> None:
    quota = {"low": "40", "very_low": "0", "over": 20, "source": "x"}
    first = CleanVehicles.model_validate({**quota, "valid_from": date(2025, 1, 1), "valid_to": date(2025, 12, 31)})
    second = CleanVehicles.model_validate({**quota, "valid_from": date(2026, 1, 1)})
    configuration = IndicatorConfiguration(clean_vehicles=(first, second))
    assert configuration.quota_on(date(2025, 12, 31)) is first
    assert configuration.quota_on(date(2026, 1, 1)) is second
    assert configuration.quota_on(date(2024, 12, 31)) is None
    with pytest.raises(ValueError, match="two quotas"):
        IndicatorConfiguration(clean_vehicles=(second, second))


_CONTRIBUTIONS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 10**9), st.integers(0, 400), st.sampled_from(("", "Une salle")))
)


def test_what_partners_bring_adds_up() -> None:
    brought = brought_of([(1, 100_000, 0, ""), (2, 0, 5, "Une salle"), (1, 50, 1, "Un atelier")])
    assert brought == Brought(partners=2, cents=100_050, half_days=6, in_kind=2)
    assert brought_of([]) == Brought(0, 0, 0, 0)


@given(_CONTRIBUTIONS, _CONTRIBUTIONS)
def test_a_partner_counts_once_whatever_it_brings(
    some: list[tuple[int, int, int, str]], more: list[tuple[int, int, int, str]]
) -> None:
    whole, parts = brought_of([*more, *some]), (brought_of(some), brought_of(more))
    assert whole[1:] == tuple(sum(values) for values in zip(*(part[1:] for part in parts), strict=True))
    assert max(part.partners for part in parts) <= whole.partners <= sum(part.partners for part in parts)

"""When a group could meet: table tests, and what holds for any day."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.committees.calendars.cadence import (
    CADENCES,
    NOTICE_DAYS,
    Period,
    days_for,
    period_of,
    periods_from,
    proposed_dates,
)
from pooling.committees.calendars.days_off import school_holiday, school_known_until, why_off
from pooling.reminders.rules import is_working_day

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
GUADELOUPE = ZoneInfo("America/Guadeloupe")

PERIODS = [
    (date(2027, 1, 1), 3, "1er trimestre 2027", date(2027, 3, 31)),
    (date(2027, 12, 31), 3, "4e trimestre 2027", date(2027, 12, 31)),
    (date(2028, 2, 29), 1, "février 2028", date(2028, 2, 29)),
    (date(2027, 2, 28), 1, "février 2027", date(2027, 2, 28)),
    (date(2027, 5, 1), 2, "mai – juin 2027", date(2027, 6, 30)),
    (date(2027, 9, 1), 4, "septembre – décembre 2027", date(2027, 12, 31)),
    (date(2027, 6, 30), 6, "1er semestre 2027", date(2027, 6, 30)),
    (date(2027, 7, 1), 6, "2e semestre 2027", date(2027, 12, 31)),
    (date(2027, 7, 1), 12, "année 2027", date(2027, 12, 31)),
]


@pytest.mark.parametrize(("day", "months", "label", "last"), PERIODS)
def test_periods(day: date, months: int, label: str, last: date) -> None:
    period = period_of(day, months)
    assert (period.label, period.last) == (label, last)


def test_a_period_that_ends_the_year_is_followed_by_one_of_the_next() -> None:
    assert period_of(date(2027, 11, 5), 3).following == Period(date(2028, 1, 1), 3)
    assert period_of(date(2027, 11, 5), 12).following == Period(date(2028, 1, 1), 12)


def test_the_year_to_come_is_looked_at() -> None:
    assert [period.label for period in periods_from(date(2027, 11, 30), 3)] == [
        "4e trimestre 2027",
        "1er trimestre 2028",
        "2e trimestre 2028",
        "3e trimestre 2028",
        "4e trimestre 2028",
    ]


DAYS = [
    # Around mid-May, each in a week of its own.
    ("a quarter ahead", date(2027, 1, 4), date(2027, 5, 1), 3, PARIS, "", ["2027-05-13", "2027-05-18", "2027-05-25"]),
    # 16 days ahead of 10 June: 26 June is a Saturday; Tuesday 29 June is the only favourite left.
    ("what is left of one", date(2027, 6, 10), date(2027, 6, 10), 3, PARIS, "", ["2027-06-29"]),
    ("nothing is left", date(2027, 6, 20), date(2027, 6, 20), 3, PARIS, "", []),
    ("the last days of a year", date(2027, 12, 14), date(2027, 12, 14), 3, PARIS, "", ["2027-12-30"]),
    ("the 29th of February", date(2028, 2, 13), date(2028, 2, 13), 1, PARIS, "", ["2028-02-29"]),
    # Thursday 20 December is a holiday of La Réunion alone, Thursday 27 May one of Guadeloupe (abolition of slavery).
    ("La Réunion", date(2029, 12, 4), date(2029, 12, 4), 1, REUNION, "", ["2029-12-21", "2029-12-27", "2029-12-31"]),
    ("then in Paris", date(2029, 12, 4), date(2029, 12, 4), 1, PARIS, "", ["2029-12-20", "2029-12-27", "2029-12-31"]),
    ("Guadeloupe", date(2027, 5, 10), date(2027, 5, 10), 1, GUADELOUPE, "", ["2027-05-28", "2027-05-31"]),
    ("then in Paris", date(2027, 5, 10), date(2027, 5, 10), 1, PARIS, "", ["2027-05-27", "2027-05-31"]),
]


@pytest.mark.parametrize(("what", "today", "within", "months", "zone", "school", "days"), DAYS)
def test_days_for_a_committee(
    what: str, today: date, within: date, months: int, zone: ZoneInfo, school: str, days: list[str]
) -> None:
    found = [day.isoformat() for day in days_for(period_of(within, months), today, zone, school)]
    assert found == sorted(days), what


def test_school_holidays_are_skipped_where_the_group_has_a_zone() -> None:
    february = period_of(date(2027, 2, 1), 1)
    anywhere = days_for(february, date(2027, 1, 1), PARIS, "", most=99)
    in_zone_a = days_for(february, date(2027, 1, 1), PARIS, "A", most=99)
    assert any(school_holiday(day, "A") for day in anywhere)
    assert in_zone_a
    assert not any(school_holiday(day, "A") for day in in_zone_a)


def test_beyond_what_is_published_days_are_proposed_and_it_is_said() -> None:
    beyond = school_known_until() + timedelta(days=200)
    found = proposed_dates(beyond, 3, [], PARIS, "A")
    assert all(one.days for one in found[1:])
    assert not any(one.schools_known for one in found)
    assert all(one.schools_known for one in proposed_dates(beyond, 3, [], PARIS, "")), (
        "a group without a zone needs none"
    )


def test_a_period_with_a_committee_needs_no_day() -> None:
    today = date(2027, 3, 1)
    first, second, *_ = proposed_dates(today, 3, [date(2027, 1, 1), date(2027, 7, 1)], PARIS, "")
    assert (first.held, list(first.days)) == (True, [])
    assert not second.held
    assert second.days


OFF = [
    (date(2027, 5, 6), PARIS, "", "jour férié (Ascension)"),
    (date(2027, 12, 20), REUNION, "", "jour férié (Abolition de l’esclavage)"),
    (date(2027, 12, 20), PARIS, "", ""),
    (date(2027, 3, 26), PARIS, "", ""),  # Good Friday is a holiday of Alsace-Moselle, whose clock is that of Paris
    (date(2027, 5, 15), PARIS, "", "samedi"),
    (date(2027, 5, 16), PARIS, "", "dimanche"),
    (date(2027, 2, 16), PARIS, "A", "vacances scolaires de la zone A (Vacances d’hiver)"),
    (date(2027, 2, 16), PARIS, "", ""),
    (date(2028, 2, 29), PARIS, "", ""),
    (date(2150, 7, 20), PARIS, "A", ""),
]


@pytest.mark.parametrize(("day", "zone", "school", "why"), OFF)
def test_why_a_day_is_off(day: date, zone: ZoneInfo, school: str, why: str) -> None:
    assert why_off(day, zone, school) == why


@given(
    st.dates(date(2024, 1, 1), date(2040, 12, 31)),
    st.sampled_from(CADENCES),
    st.sampled_from([PARIS, REUNION, GUADELOUPE]),
    st.sampled_from(["", "A", "B", "C"]),
)
def test_days_are_working_days_of_their_period_far_enough_ahead(
    today: date, months: int, zone: ZoneInfo, school: str
) -> None:
    for one in proposed_dates(today, months, [], zone, school):
        assert list(one.days) == sorted(set(one.days))
        for day in one.days:
            assert one.period.has(day)
            assert (day - today).days >= NOTICE_DAYS
            assert is_working_day(day, zone)
            assert not school_holiday(day, school)

"""When a reminder is due: the table of cases, and what holds whatever the day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.reminders.rules import (
    QUIET_FROM,
    QUIET_UNTIL,
    clear_days_offset,
    due_at,
    instant_at,
    is_working_day,
    quarter_day,
    still_due,
    working_day,
)

PARIS, REUNION, GUADELOUPE = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion"), ZoneInfo("America/Guadeloupe")
MIQUELON = ZoneInfo("America/Miquelon")
EIGHT = time(8)

DUE = [
    # what, the subject's local day, offset, zone, due (UTC)
    ("winter time, J−7 before the change", date(2027, 3, 30), -7, PARIS, "2027-03-23T07:00"),
    ("summer time, after the change", date(2027, 4, 6), -7, PARIS, "2027-03-30T06:00"),
    ("the day of the change in spring is a Sunday", date(2027, 4, 4), -7, PARIS, "2027-03-26T07:00"),
    ("across the change in autumn", date(2027, 11, 3), -7, PARIS, "2027-10-27T06:00"),
    ("after the change in autumn", date(2027, 11, 9), -7, PARIS, "2027-11-02T07:00"),
    ("the day of the change in autumn is a Sunday", date(2027, 11, 7), -7, PARIS, "2027-10-29T06:00"),
    ("what follows, on a leap day", date(2028, 2, 28), 1, PARIS, "2028-02-29T07:00"),
    ("leap day", date(2028, 3, 7), -7, PARIS, "2028-02-29T07:00"),
    ("over a leap day", date(2028, 3, 1), -1, PARIS, "2028-02-29T07:00"),
    ("no leap day", date(2027, 3, 2), -1, PARIS, "2027-03-01T07:00"),
    ("over the end of a month", date(2027, 6, 2), -7, PARIS, "2027-05-26T06:00"),
    ("the last day of a month, a Saturday", date(2027, 8, 7), -7, PARIS, "2027-07-30T06:00"),
    ("what follows moves over the end of a month and 1 May", date(2027, 4, 28), 3, PARIS, "2027-05-03T06:00"),
    ("over the end of a year, New Year's Day", date(2027, 1, 8), -7, PARIS, "2026-12-31T07:00"),
    ("Sunday moves before", date(2027, 6, 14), -1, PARIS, "2027-06-11T06:00"),
    ("Saturday moves before", date(2027, 6, 13), -1, PARIS, "2027-06-11T06:00"),
    ("Easter Monday and the weekend move before", date(2027, 3, 30), -1, PARIS, "2027-03-26T07:00"),
    ("1 May on a Saturday moves before", date(2027, 5, 8), -7, PARIS, "2027-04-30T06:00"),
    ("14 July on a Wednesday moves before", date(2027, 7, 21), -7, PARIS, "2027-07-13T06:00"),
    ("what follows moves after the weekend", date(2027, 6, 10), 3, PARIS, "2027-06-14T06:00"),
    ("what follows moves after Easter Monday", date(2027, 3, 26), 1, PARIS, "2027-03-30T06:00"),
    ("what follows moves after Christmas and the weekend", date(2027, 12, 24), 1, PARIS, "2027-12-27T07:00"),
    ("the day itself", date(2027, 6, 10), 0, PARIS, "2027-06-10T06:00"),
    ("the day itself, a Sunday, announces", date(2027, 6, 13), 0, PARIS, "2027-06-11T06:00"),
    ("La Réunion has no change of hour", date(2027, 3, 30), -7, REUNION, "2027-03-23T04:00"),
    ("La Réunion in summer", date(2027, 7, 6), -7, REUNION, "2027-06-29T04:00"),
    ("La Réunion while Paris changes its hour in autumn", date(2027, 11, 9), -7, REUNION, "2027-11-02T04:00"),
    ("abolition of slavery in La Réunion, a Monday", date(2027, 12, 27), -7, REUNION, "2027-12-17T04:00"),
    ("the same day in Paris is a working day", date(2027, 12, 27), -7, PARIS, "2027-12-20T07:00"),
    ("Guadeloupe is five hours behind", date(2027, 6, 15), -7, GUADELOUPE, "2027-06-08T12:00"),
    ("Guadeloupe in winter, four behind Universal Time", date(2027, 1, 12), -7, GUADELOUPE, "2027-01-05T12:00"),
    ("abolition of slavery in Guadeloupe, a Thursday", date(2027, 6, 3), -7, GUADELOUPE, "2027-05-26T12:00"),
    ("the same day in Paris is a working day", date(2027, 6, 3), -7, PARIS, "2027-05-27T06:00"),
    ("Miquelon changes its hour on another day", date(2027, 3, 23), -7, MIQUELON, "2027-03-16T10:00"),
]


@pytest.mark.parametrize(("what", "day", "offset", "zone", "due"), DUE)
def test_due(what: str, day: date, offset: int, zone: ZoneInfo, due: str) -> None:
    assert due_at(day, offset, EIGHT, zone) == datetime.fromisoformat(due).replace(tzinfo=UTC), what


HOURS = [
    ("quiet hours end at four", date(2027, 6, 10), time(1), PARIS, "2027-06-10T02:00"),
    ("just before four", date(2027, 6, 10), time(3, 59), PARIS, "2027-06-10T02:00"),
    ("just before one", date(2027, 6, 10), time(0, 59), PARIS, "2027-06-09T22:59"),
    ("four itself", date(2027, 6, 10), time(4), PARIS, "2027-06-10T02:00"),
    ("skipped in spring, and quiet", date(2027, 3, 28), time(2, 30), PARIS, "2027-03-28T02:00"),
    ("twice in autumn, and quiet", date(2027, 10, 31), time(2, 30), PARIS, "2027-10-31T03:00"),
    # Lebanon changes its hour at midnight: 00:30 is skipped, 01:30 would be quiet, so 04:00 (+03:00).
    ("skipped at midnight", date(2027, 3, 28), time(0, 30), ZoneInfo("Asia/Beirut"), "2027-03-28T01:00"),
    # Its clocks go back at midnight to 23:00: the first of the two.
    ("twice at midnight", date(2027, 10, 30), time(23, 30), ZoneInfo("Asia/Beirut"), "2027-10-30T20:30"),
]


@pytest.mark.parametrize(("what", "day", "hour", "zone", "instant"), HOURS)
def test_hours(what: str, day: date, hour: time, zone: ZoneInfo, instant: str) -> None:
    assert instant_at(day, hour, zone) == datetime.fromisoformat(instant).replace(tzinfo=UTC), what


@pytest.mark.parametrize(
    ("clear_days", "meeting", "leaves", "zone"),
    [
        (5, date(2027, 3, 16), date(2027, 3, 10), PARIS),  # 11, 12, 13, 14 and 15 March lie in between
        (3, date(2027, 3, 16), date(2027, 3, 12), PARIS),
        (1, date(2027, 3, 16), date(2027, 3, 12), PARIS),  # the 14th is a Sunday: the Friday before
        (5, date(2027, 4, 5), date(2027, 3, 30), PARIS),
        (5, date(2027, 4, 4), date(2027, 3, 26), PARIS),  # Easter Monday: "at the latest" means before
        (1, date(2027, 3, 30), date(2027, 3, 26), PARIS),  # Easter Sunday and Monday in between
        (3, date(2027, 5, 18), date(2027, 5, 14), PARIS),  # Whit Monday counts as a clear day
        (5, date(2027, 5, 12), date(2027, 5, 5), PARIS),  # the 6th is Ascension Day
        (3, date(2027, 12, 24), date(2027, 12, 20), PARIS),
        (3, date(2027, 12, 24), date(2027, 12, 17), REUNION),  # the 20th is a holiday there
        (3, date(2027, 5, 31), date(2027, 5, 26), GUADELOUPE),  # as is the 27th in Guadeloupe
        (3, date(2028, 3, 3), date(2028, 2, 28), PARIS),  # 29 February, 1 and 2 March lie in between
    ],
)
def test_clear_days(clear_days: int, meeting: date, leaves: date, zone: ZoneInfo) -> None:
    due = due_at(meeting, clear_days_offset(clear_days), EIGHT, zone)
    assert due.astimezone(zone).date() == leaves
    assert (meeting - leaves).days - 1 >= clear_days


@pytest.mark.parametrize(
    ("year", "quarter", "day"),
    [
        (2027, 1, date(2027, 2, 1)),
        (2027, 2, date(2027, 5, 3)),  # 1 May is a holiday and a Saturday
        (2027, 3, date(2027, 8, 2)),  # 1 August is a Sunday
        (2027, 4, date(2027, 11, 2)),  # All Saints' Day
    ],
)
def test_first_working_day_of_a_quarters_second_month(year: int, quarter: int, day: date) -> None:
    assert quarter_day(year, quarter, PARIS) == day


def test_what_would_come_after_its_use_is_left_out() -> None:
    meeting = datetime(2027, 6, 15, 6, 30, tzinfo=UTC)
    dated = still_due(date(2027, 6, 15), (-7, 0, 1), EIGHT, PARIS, useful_until=meeting)
    assert [offset for offset, _ in dated] == [-7, 0]


zones = st.sampled_from([PARIS, REUNION, GUADELOUPE, MIQUELON, ZoneInfo("Pacific/Noumea"), ZoneInfo("Indian/Mayotte")])
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(days, st.integers(-60, 60), st.times(), zones)
def test_always_on_a_working_day_outside_the_quiet_hours(day: date, offset: int, hour: time, zone: ZoneInfo) -> None:
    local = due_at(day, offset, hour, zone).astimezone(zone)
    assert is_working_day(local.date(), zone)
    assert not QUIET_FROM <= local.time() < QUIET_UNTIL


@given(days, st.integers(-60, 60), zones)
def test_what_announces_never_comes_later_what_follows_never_earlier(day: date, offset: int, zone: ZoneInfo) -> None:
    local = due_at(day, offset, EIGHT, zone).astimezone(zone).date()
    wanted = day + timedelta(days=offset)
    assert local >= wanted if offset > 0 else local <= wanted
    assert abs((local - wanted).days) <= 5


@given(days, zones)
def test_at_eight_it_is_eight_on_the_clock(day: date, zone: ZoneInfo) -> None:
    assert due_at(day, -7, EIGHT, zone).astimezone(zone).time() == EIGHT


@given(days, zones, st.booleans())
def test_a_working_day_stays_where_it_is(day: date, zone: ZoneInfo, forward: bool) -> None:
    moved = working_day(day, zone, forward=forward)
    assert (moved == day) == is_working_day(day, zone)


@given(days, st.integers(1, 30), zones)
def test_clear_days_are_never_too_few(meeting: date, clear_days: int, zone: ZoneInfo) -> None:
    leaves = due_at(meeting, clear_days_offset(clear_days), EIGHT, zone).astimezone(zone).date()
    assert (meeting - leaves).days - 1 >= clear_days

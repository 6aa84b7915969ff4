"""The rules of a time zone as calendars carry them (RFC 5545, 3.6.5), over the years of what is in a calendar alone:
all its history would be longer than the rest.

By rules, « the last Sunday of March », where there is one: several readers take a list of dates from its second on.
Each change is at the hour that clocks show before it, and the year before is told too, so that the first change inside
is not the first one known.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EVER = datetime(1970, 1, 1)  # noqa: DTZ001 - as clocks show it


@dataclass(frozen=True)
class _Change:
    """What clocks of a zone do on one day of each year, or on some day."""

    name: str
    is_daylight: bool
    before: timedelta
    after: timedelta


@lru_cache(maxsize=64)
def timezone(key: str, first: int, last: int) -> Timezone:
    """For what happens from the first of these years to the last."""
    zone = ZoneInfo(key)
    found: dict[_Change, list[datetime]] = defaultdict(list)
    for change, onset in _changes(zone, first - 1, last):
        found[change].append(onset)
    made = Timezone()
    made.add("TZID", key)
    if not any(onset.year < first for onsets in found.values() for onset in onsets):
        made.add_component(_observance(_as_it_is(zone, datetime(first - 1, 1, 1, tzinfo=UTC)), [EVER]))
    for change, onsets in found.items():
        made.add_component(_observance(change, onsets))
    return made


def _changes(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[_Change, datetime]]:
    """Each with the moment at which clocks jump, as they show it before."""
    moment, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        if _offset(zone, moment) != _offset(zone, moment + DAY):
            jump = _jump(zone, moment)
            before = _offset(zone, moment)
            is_now = _as_it_is(zone, jump)
            yield _Change(is_now.name, is_now.is_daylight, before, is_now.after), (jump + before).replace(tzinfo=None)
        moment += DAY


def _jump(zone: ZoneInfo, day: datetime) -> datetime:
    """The first minute, within a day, at which clocks show something else."""
    low, high = 0, 24 * 60
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, day + timedelta(minutes=middle)) == _offset(zone, day):
            low = middle
        else:
            high = middle
    return day + timedelta(minutes=high)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _as_it_is(zone: ZoneInfo, moment: datetime) -> _Change:
    local = moment.astimezone(zone)
    offset = _offset(zone, moment)
    return _Change(local.tzname() or zone.key, bool(local.dst()), offset, offset)


def _observance(change: _Change, onsets: Sequence[datetime]) -> TimezoneStandard | TimezoneDaylight:
    made = TimezoneDaylight() if change.is_daylight else TimezoneStandard()
    made.add("TZNAME", change.name)
    made.TZOFFSETFROM, made.TZOFFSETTO = change.before, change.after
    made.DTSTART = onsets[0]
    if len(onsets) > 1:
        rule = _rule(onsets)
        if rule is not None:
            made.add("RRULE", rule)
        else:
            made.add("RDATE", list(onsets[1:]))
    return made


def _rule(onsets: Sequence[datetime]) -> dict[str, object] | None:
    """« The last Sunday of March », « the second Sunday of March », where each year keeps to it."""
    days = {(onset.month, onset.weekday(), onset.time()) for onset in onsets}
    each_year = [onset.year for onset in onsets] == list(range(onsets[0].year, onsets[-1].year + 1))
    if len(days) > 1 or not each_year:
        return None
    places = {(onset.day - 1) // 7 + 1 for onset in onsets}
    if all((onset + WEEK).month != onset.month for onset in onsets):
        places = {-1}
    if len(places) > 1:
        return None
    return {
        "FREQ": "YEARLY",
        "BYMONTH": onsets[0].month,
        "BYDAY": f"{places.pop()}{WEEKDAYS[onsets[0].weekday()]}",
    }

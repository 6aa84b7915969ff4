"""A calendar's rules of a time zone, read by others, say what clocks show there."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical

from pooling.committees.notices.icalendar_zone import timezone

FIRST, LAST = 2026, 2027
PARIS = [
    ("DAYLIGHT", "DTSTART:20250330T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
    ("STANDARD", "DTSTART:20251026T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
]
ZONES = """Europe/Paris Europe/Lisbon America/Martinique America/Miquelon Indian/Reunion Pacific/Noumea
Africa/Casablanca America/New_York Asia/Jerusalem Australia/Lord_Howe UTC"""
"""With summer in the north and in the south, by half an hour or never; by « the second Sunday », and by no rule."""


def test_changes_are_rules_at_the_hour_that_clocks_show_before() -> None:
    said = timezone("Europe/Paris", FIRST, LAST).to_ical().decode()
    for name, onset, rule in PARIS:
        part = said.partition(f"BEGIN:{name}\r\n")[2].partition(f"END:{name}")[0]
        assert part.splitlines()[:2] == [onset, rule]
    assert said.count("BEGIN:") == len(PARIS) + 1


@pytest.mark.parametrize("key", ZONES.split())
def test_every_hour_is_read_as_it_is(key: str) -> None:
    """By a reader that is not ours, from the first to the last hour of these years."""
    zone = tzical(StringIO(timezone(key, FIRST, LAST).to_ical().decode().replace("\r\n", "\n"))).get()
    assert zone is not None
    moment, wrong = datetime(FIRST, 1, 1, 12, tzinfo=UTC), []
    while moment.year <= LAST:
        local = moment.astimezone(ZoneInfo(key)).replace(tzinfo=None)
        there = local.replace(tzinfo=zone)
        if there.utcoffset() != moment.astimezone(ZoneInfo(key)).utcoffset():
            wrong.append(local)
        moment += timedelta(hours=6)
    assert wrong == []

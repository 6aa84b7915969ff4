"""When a committee had better not meet: on a day off, at night, far away, or on the day of another. Pure."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pooling.committees.calendars.days_off import why_off
from pooling.web.typography import date_long, time_short

FIRST_HOUR, LAST_HOUR = time(8), time(22)
_FAR = timedelta(days=2 * 366)


def doubts_of_meeting(
    starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime, others: Sequence[tuple[str, datetime]] = ()
) -> list[str]:
    """Each in a French sentence. `others` are the group's committees of that day: name and beginning."""
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    day = begins.date()
    doubts = []
    if off := why_off(day, zone, ""):
        doubts.append(f"La réunion tombe un {off.removeprefix('un ')}, {date_long(day)}.")
    if begins.time() < FIRST_HOUR or begins.time() >= LAST_HOUR:
        doubts.append(f"La réunion commence à {time_short(starts_at, zone)}.")
    elif ends.date() > day or ends.time() > LAST_HOUR:
        doubts.append(f"La réunion finit à {time_short(ends_at, zone)}.")
    if starts_at > now + _FAR:
        doubts.append(f"La réunion, {date_long(day)}, est dans plus de deux ans.")
    doubts += [f"« {title} » a lieu le même jour, à {time_short(at, zone)}." for title, at in others]
    return doubts

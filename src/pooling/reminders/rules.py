"""When a reminder is due: a local day and hour, then an instant. Pure.

A day that announces something (J−n) moves to the working day before when it falls on a Saturday, a Sunday or
a public holiday; a day that follows something (J+n) moves to the working day after. Local hours are read on
the group's own clock, whatever the change of hour does: never "UTC minus 168 hours".
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

DEFAULT_HOUR = time(8)
QUIET_FROM, QUIET_UNTIL = time(1), time(4)
"""Nothing is scheduled in between: clocks change there, and backups run."""

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5

_HOLIDAYS_OF = {
    "America/Guadeloupe": "971",
    "America/Martinique": "972",
    "America/Cayenne": "973",
    "Indian/Reunion": "974",
    "Indian/Mayotte": "976",
    "America/Miquelon": "PM",
    "America/St_Barthelemy": "BL",
    "America/Marigot": "MF",
    "Pacific/Noumea": "NC",
    "Pacific/Tahiti": "PF",
    "Pacific/Wallis": "WF",
}
"""Territories with public holidays of their own, by zone; elsewhere those of the whole country.

Alsace-Moselle shares the zone of Paris: its two more days are not known here.
"""


@lru_cache(maxsize=64)
def public_holidays(year: int, zone: str) -> Mapping[date, str]:
    """The public holidays where the zone is, with what they are called: `Lundi de Pâques`."""
    import holidays  # noqa: PLC0415 - 8 MB, once somebody asks

    found = holidays.country_holidays("FR", subdiv=_HOLIDAYS_OF.get(zone), years=year, language="fr")
    return MappingProxyType(dict(sorted(found.items())))


def is_working_day(day: date, zone: ZoneInfo) -> bool:
    return day.weekday() < _SATURDAY and day not in public_holidays(day.year, zone.key)


def working_day(day: date, zone: ZoneInfo, *, forward: bool) -> date:
    """The day itself, or the nearest working day after (`forward`) or before it."""
    while not is_working_day(day, zone):
        day += _ONE_DAY if forward else -_ONE_DAY
    return day


def instant_at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant of a local day and hour, in UTC.

    In the quiet hours: at their end, 04:00 the same day. An hour that the clocks skip is taken after the
    change, one that comes twice is taken the first time.
    """
    local = datetime.combine(day, _not_quiet(hour), zone)
    shown = local.astimezone(UTC).astimezone(zone)
    if shown.time() != local.time():  # skipped: the clock shows a later hour, perhaps a quiet one
        local = datetime.combine(shown.date(), _not_quiet(shown.time()), zone)
    return local.astimezone(UTC)


def _not_quiet(hour: time) -> time:
    return QUIET_UNTIL if QUIET_FROM <= hour < QUIET_UNTIL else hour


def due_at(day: date, offset_days: int, hour: time, zone: ZoneInfo) -> datetime:
    """When a reminder at this offset from a subject's local day is due.

    An offset of 0 is the day itself; should it be no working day, it announces, so it moves before.
    """
    wanted = day + timedelta(days=offset_days)
    return instant_at(working_day(wanted, zone, forward=offset_days > 0), hour, zone)


def clear_days_offset(clear_days: int) -> int:
    """The offset of the last day on which a convocation may leave so that so many clear days lie in between.

    Jours francs: neither the day of sending nor that of the meeting counts (code général des collectivités
    territoriales, L2121-11 and L2121-12).
    """
    return -(clear_days + 1)


def quarter_day(year: int, quarter: int, zone: ZoneInfo) -> date:
    """The first working day of the second month of a quarter (1 to 4)."""
    return working_day(date(year, 3 * quarter - 1, 1), zone, forward=True)


def still_due(
    day: date, offsets: Iterable[int], hour: time, zone: ZoneInfo, *, useful_until: datetime
) -> list[tuple[int, datetime]]:
    """The offsets of a day with the instants they are due, without those that would come too late."""
    dated = [(offset, due_at(day, offset, hour, zone)) for offset in offsets]
    return [(offset, at) for offset, at in dated if at < useful_until]

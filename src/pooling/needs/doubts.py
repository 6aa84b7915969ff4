"""When a collection had better not close: at a moment at which nobody answers or can be asked. Pure."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from pooling.reminders.rules import public_holidays
from pooling.web.typography import date_long, time_short

FIRST_HOUR, LAST_HOUR = time(8), time(20)
_SATURDAY = 5


def doubts_of_closing(closes_at: datetime, zone: ZoneInfo) -> list[str]:
    """Each in a French sentence."""
    local = closes_at.astimezone(zone)
    day = local.date()
    doubts = []
    holiday = public_holidays(day.year, zone.key).get(day, "").replace("'", "’")
    if holiday:
        doubts.append(f"La clôture tombe un jour férié, {date_long(day)} ({holiday}).")
    elif day.weekday() >= _SATURDAY:
        doubts.append(
            f"La clôture tombe un {'samedi' if day.weekday() == _SATURDAY else 'dimanche'}, {date_long(day)}."
        )
    if not FIRST_HOUR <= local.time() <= LAST_HOUR:
        doubts.append(f"La clôture est à {time_short(closes_at, zone)}, quand les services sont fermés.")
    return doubts

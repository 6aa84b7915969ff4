"""When a collection had better not close. Pure."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pooling.reminders.rules import public_holidays
from pooling.web.typography import date_long, time_short

FIRST_HOUR, LAST_HOUR = time(8), time(20)
_SATURDAY = 5
_SHORT, _LONG = timedelta(days=1), timedelta(days=366)


def doubts_of_closing(closes_at: datetime, zone: ZoneInfo, now: datetime, delivery: date | None = None) -> list[str]:
    """Each in a French sentence. `delivery` is the day on which it is wanted."""
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
    if closes_at <= now:
        doubts.append(f"La clôture, {date_long(day)} à {time_short(closes_at, zone)}, est passée.")
    elif closes_at - now < _SHORT:
        doubts.append("La clôture est dans moins d’un jour : les membres n’auront guère le temps de répondre.")
    elif closes_at - now > _LONG:
        doubts.append(f"La clôture, {date_long(day)}, est dans plus d’un an.")
    if delivery is not None and delivery <= day:
        doubts.append(f"La clôture, {date_long(day)}, n’est pas avant la livraison souhaitée, {date_long(delivery)}.")
    return doubts

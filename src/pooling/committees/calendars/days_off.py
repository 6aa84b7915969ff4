"""Days on which a group would rather not meet: weekends, public holidays of its territory, school holidays of its zone.

School holidays are those of the Ministry of Education, as far as they are published; Corsica and the overseas
territories have calendars of their own that are not known here.
"""

from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from vacances_scolaires_france import SchoolHolidayDates

from pooling.reminders.rules import public_holidays

_SATURDAY = 5


@cache
def _calendar() -> SchoolHolidayDates:
    return SchoolHolidayDates()


@cache
def school_known_until() -> date:
    """The last day for which school holidays are published."""
    last: date = max(_calendar().data)
    return last


def school_holiday(day: date, school_zone: str) -> str:
    """`Vacances de printemps` on one of its days in this zone (A, B, C); nothing on another day, without a zone, or in
    years that are not known.
    """
    if not school_zone:
        return ""
    row = _calendar().data.get(day)
    on_holiday = row is not None and row[f"vacances_zone_{school_zone.lower()}"]
    return str(row["nom_vacances"]).replace("'", "’") if row is not None and on_holiday else ""


def public_holiday(day: date, zone: ZoneInfo) -> str:
    """`Lundi de Pâques`; nothing on another day."""
    return public_holidays(day.year, zone.key).get(day, "").replace("'", "’")


def why_off(day: date, zone: ZoneInfo, school_zone: str) -> str:
    """Why a group would rather not meet that day, to follow « ce jour-là : »; nothing when it may well."""
    holiday = public_holiday(day, zone)
    if holiday:
        return f"jour férié ({holiday})"
    if day.weekday() >= _SATURDAY:
        return "samedi" if day.weekday() == _SATURDAY else "dimanche"
    school = school_holiday(day, school_zone)
    return f"vacances scolaires de la zone {school_zone} ({school})" if school else ""

"""Days on which a group would rather not meet: weekends, public holidays of its territory, school holidays of its zone.

School holidays are those of the Ministry of Education, as far as they are published; Corsica and the overseas
territories have calendars of their own that are not known here.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import vacances_scolaires_france

from pooling.reminders.rules import public_holidays

_SATURDAY = 5


@cache
def _calendar() -> Mapping[date, tuple[str, str]]:
    """The days on which a zone is on holiday: the letters of these, and what the holidays are called. The package reads
    its own list a hundred times as slowly.
    """
    listed = files(vacances_scolaires_france).joinpath("data/data.csv").read_text("utf-8")
    known = {}
    for line in listed.splitlines():
        if "True" in line:
            day, *on, name = line.split(",")
            zones = [letter for letter, is_on in zip("ABC", on, strict=True) if is_on == "True"]
            known[date.fromisoformat(day)] = ("".join(zones), name)
    return known


@cache
def school_known_until() -> date:
    """The last day for which school holidays are published."""
    return max(_calendar())


def school_holiday(day: date, school_zone: str) -> str:
    """`Vacances de printemps` on one of its days in this zone (A, B, C); nothing on another day, without a zone, or in
    years that are not known.
    """
    if not school_zone:
        return ""
    zones, name = _calendar().get(day, ("", ""))
    return name.replace("'", "’") if school_zone in zones else ""


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

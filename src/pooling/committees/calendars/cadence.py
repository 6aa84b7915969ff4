"""How often a group wants to meet, and the days it could: pure.

A year is cut into periods of so many months from January on: with a cadence of three, its quarters.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from pooling.committees.calendars.days_off import school_holiday, school_known_until
from pooling.reminders.rules import is_working_day

CADENCES = (1, 2, 3, 4, 6, 12)
NOTICE_DAYS = 16
"""A day is proposed at least that far ahead: the first reminder leaves fifteen days before."""
PROPOSED = 3
"""Days for each period."""
_FAVOURITES = (1, 3)
"""Tuesday and Thursday: few people are off or part-time then."""
_MONTHS_IN_YEAR = 12
_QUARTER, _HALF = 3, 6


@dataclass(frozen=True)
class Period:
    """Some months of a year in which a group wants to meet once."""

    first: date
    months: int

    @property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    @property
    def following(self) -> "Period":
        months = self.first.month - 1 + self.months
        return Period(date(self.first.year + months // _MONTHS_IN_YEAR, months % _MONTHS_IN_YEAR + 1, 1), self.months)

    @property
    def label(self) -> str:
        """`2e trimestre 2027`, `mars 2027`, `janvier – avril 2027`, `année 2027`."""
        year, place = self.first.year, (self.first.month - 1) // self.months + 1
        if self.months == _MONTHS_IN_YEAR:
            return f"année {year}"
        if self.months in (_QUARTER, _HALF):
            word = "trimestre" if self.months == _QUARTER else "semestre"
            return f"{'1er' if place == 1 else f'{place}e'} {word} {year}"
        first, last = (format_date(day, "MMMM", locale="fr_FR") for day in (self.first, self.last))
        return f"{first} {year}" if self.months == 1 else f"{first} – {last} {year}"

    def has(self, day: date) -> bool:
        return self.first <= day <= self.last


def period_of(day: date, months: int) -> Period:
    """The period that this day is in."""
    return Period(date(day.year, (day.month - 1) // months * months + 1, 1), months)


def periods_from(today: date, months: int) -> Iterator[Period]:
    """The present one and those that follow, as far as a year from now."""
    period = period_of(today, months)
    horizon = period_of(today + timedelta(days=365), months)
    while period.first <= horizon.first:
        yield period
        period = period.following


@dataclass(frozen=True)
class ProposedDate:
    """A period and what stands in it."""

    period: Period
    days: Sequence[date]
    """Days on which a committee could meet; none when it has one, or when no day is left."""
    held: bool
    """Whether a committee met or is planned in it."""
    schools_known: bool
    """Whether the school holidays of all of its days are published."""


def proposed_dates(
    today: date, months: int, committees: Collection[date], zone: ZoneInfo, school_zone: str
) -> list[ProposedDate]:
    """For the present period and those of the year to come: whether it has a committee, else days for one."""
    found = []
    for period in periods_from(today, months):
        held = any(period.has(day) for day in committees)
        days = [] if held else days_for(period, today, zone, school_zone)
        found.append(ProposedDate(period, days, held, not school_zone or period.last <= school_known_until()))
    return found


def days_for(period: Period, today: date, zone: ZoneInfo, school_zone: str, *, most: int = PROPOSED) -> list[date]:
    """Days for a committee in this period, in order: working days of the territory, outside the school holidays of the
    zone (where there is one, and as far as they are known), Tuesdays and Thursdays first, near the middle of what is
    left of the period, in weeks of their own.
    """
    first = max(period.first, today + timedelta(days=NOTICE_DAYS))
    possible = [
        day
        for day in (first + timedelta(days=number) for number in range((period.last - first).days + 1))
        if is_working_day(day, zone) and not school_holiday(day, school_zone)
    ]
    middle = first + (period.last - first) / 2
    by_preference = sorted(possible, key=lambda day: (day.weekday() not in _FAVOURITES, abs(day - middle), day))
    chosen: list[date] = []
    weeks: set[tuple[int, int]] = set()
    for day in by_preference:
        week = day.isocalendar()[:2]
        if week not in weeks and len(chosen) < most:
            chosen.append(day)
            weeks.add(week)
    return sorted(chosen)

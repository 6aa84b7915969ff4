"""A year at a glance: committees, deadlines of what goes on, public and school holidays, day by day. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date

from pooling.committees.calendars.days_off import public_holiday, school_holiday, school_known_until

_WEEKEND = 5
_DECEMBER = 12


@dataclass(frozen=True)
class Happening:
    """Something that happens on a day: a committee, or a deadline."""

    day: date
    label: str
    path: str
    """Its page, from the group on."""
    committee: bool


@dataclass(frozen=True)
class Cell:
    """One day as it is drawn."""

    day: date
    column: int
    """0 is Monday."""
    row: int
    public: str = ""
    school: str = ""
    committee: bool = False
    deadline: bool = False

    @property
    def weekend(self) -> bool:
        return self.column >= _WEEKEND


@dataclass(frozen=True)
class Month:
    name: str
    cells: Sequence[Cell]
    description: str
    """The same in words, for who does not see the drawing."""

    @property
    def idle(self) -> bool:
        """Nothing but holidays: left out where there is little room."""
        return not any(cell.committee or cell.deadline for cell in self.cells)


@dataclass(frozen=True)
class Line:
    """A line of the table that says the same."""

    first: date
    last: date
    what: str
    kind: str
    path: str = ""


@dataclass(frozen=True)
class Year:
    number: int
    months: Sequence[Month]
    lines: Sequence[Line]
    schools_known: bool
    """False where the group has a school zone whose holidays are not published for the whole of the year."""


@dataclass
class _Days:
    """What falls on each day."""

    dated: Mapping[date, Sequence[Happening]]
    zone: ZoneInfo
    school_zone: str
    public: dict[date, str] = field(default_factory=dict)
    school: dict[date, str] = field(default_factory=dict)


def year_of(number: int, dated: Sequence[Happening], zone: ZoneInfo, school_zone: str) -> Year:
    """The year's drawing and table."""
    in_order = sorted((one for one in dated if one.day.year == number), key=lambda one: (one.day, one.label))
    by_day = {day: list(things) for day, things in groupby(in_order, key=lambda one: one.day)}
    days = _Days(by_day, zone, school_zone)
    for day in _days(date(number, 1, 1), date(number, 12, 31)):
        days.public[day] = public_holiday(day, zone)
        days.school[day] = school_holiday(day, school_zone)
    lines = [*_happenings(in_order), *_publics(days), *_schools(days)]
    return Year(
        number,
        [_month(number, month, days) for month in range(1, _DECEMBER + 1)],
        sorted(lines, key=lambda line: (line.first, line.last, line.what)),
        not school_zone or date(number, 12, 31) <= school_known_until(),
    )


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _month(year: int, month: int, days: _Days) -> Month:
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    offset = first.weekday()
    cells = [
        Cell(
            day,
            column=day.weekday(),
            row=(offset + day.day - 1) // 7,
            public=days.public[day],
            school=days.school[day],
            committee=any(one.committee for one in days.dated.get(day, ())),
            deadline=any(not one.committee for one in days.dated.get(day, ())),
        )
        for day in _days(first, last)
    ]
    return Month(format_date(first, "MMMM", locale="fr_FR"), cells, _said(cells, days))


def _said(cells: Sequence[Cell], days: _Days) -> str:
    parts = [f"{one.label}, {_weekday(one.day)}" for cell in cells for one in days.dated.get(cell.day, ())]
    parts += [f"{cell.public}, {_weekday(cell.day)}" for cell in cells if cell.public]
    for name, first, last in _ranges({cell.day: cell.school for cell in cells}):
        parts.append(f"{name}, {_numbers(first.day, last.day)}")
    return (" ; ".join(parts) or "Rien de prévu") + "."


def _weekday(day: date) -> str:
    return f"{format_date(day, 'EEEE', locale='fr_FR')} {'1er' if day.day == 1 else day.day}"


def _numbers(first: int, last: int) -> str:
    since = "1er" if first == 1 else str(first)
    return f"le {since}" if first == last else f"du {since} au {last}"


def _ranges(named: Mapping[date, str]) -> Iterator[tuple[str, date, date]]:
    """Runs of days of one name: (name, first, last)."""
    for name, run in groupby(sorted(named), key=lambda day: named[day]):
        if name:
            days = list(run)
            yield name, days[0], days[-1]


def _happenings(dated: Sequence[Happening]) -> Iterator[Line]:
    for one in dated:
        yield Line(one.day, one.day, one.label, "Comité" if one.committee else "Échéance", one.path)


def _publics(days: _Days) -> Iterator[Line]:
    for day, name in days.public.items():
        if name:
            yield Line(day, day, name, "Jour férié")


def _schools(days: _Days) -> Iterator[Line]:
    for name, first, last in _ranges(days.school):
        yield Line(first, last, name, f"Vacances scolaires, zone {days.school_zone}")

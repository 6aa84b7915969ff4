"""Days of the week, and what is free on a day. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

ALL_DAYS = 0b111_1111
DAY_NAMES = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
WEEK = len(DAY_NAMES)
MOST_DAYS = 1_096
"""From the first day of a lending to its last one: three years."""
_ONE_DAY = timedelta(days=1)


def mask_of(days: Iterable[int]) -> int:
    """Days of the week, Monday is 1, as the bits of one number."""
    return sum({1 << (day - 1) for day in days})


def days_in(mask: int) -> tuple[int, ...]:
    return tuple(day for day in range(1, WEEK + 1) if mask >> (day - 1) & 1)


def is_on(day: date, mask: int) -> bool:
    return bool(mask >> (day.isoweekday() - 1) & 1)


def week_words(mask: int) -> str:
    """« tous les jours », « du lundi au vendredi », « le mardi et le jeudi »."""
    days = days_in(mask)
    if len(days) == WEEK:
        return "tous les jours"
    names = [DAY_NAMES[day - 1] for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:  # noqa: PLR2004 - two are said one by one
        return f"du {names[0]} au {names[-1]}"
    return " et ".join(filter(None, (", ".join(f"le {name}" for name in names[:-1]), f"le {names[-1]}")))


@dataclass(frozen=True)
class Span:
    """Some days of the week, from one day to another one (None: for ever), both included."""

    first: date
    last: date | None
    days: int = ALL_DAYS

    def __contains__(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last) and is_on(day, self.days)

    def until(self, last: date) -> Iterator[date]:
        """Its days up to this one."""
        end = last if self.last is None else min(last, self.last)
        for number in range((end - self.first).days + 1):
            if (day := self.first + number * _ONE_DAY) in self:
                yield day

    def dates(self) -> Iterator[date]:
        assert self.last is not None, "it ends"
        return self.until(self.last)

    def months(self, last: date) -> Sequence[date]:
        """The first of each month that one of its days up to this one lies in."""
        return sorted({day.replace(day=1) for day in self.until(last)})


def first_lacking(
    asked: Iterable[date], units: int, offered: Span, quantity: int, lent: Mapping[date, int]
) -> tuple[date, int] | None:
    """The first of these days on which so many units are not free, and how many are; None: all is well."""
    for day in asked:
        free = quantity - lent.get(day, 0) if day in offered else 0
        if free < units:
            return day, max(free, 0)
    return None


def monday_of(day: date) -> date:
    return day - (day.isoweekday() - 1) * _ONE_DAY


def week_from(monday: date) -> Sequence[date]:
    return [monday + number * _ONE_DAY for number in range(WEEK)]

"""What indicators come to. Pure; ratios exact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

MONTHS = 12


@dataclass(frozen=True)
class Year:
    """A calendar year in a group's zone, as far as it has gone; with `since`, all years from that one on together."""

    number: int
    zone: tzinfo
    today: date
    since: int | None = None

    @property
    def many(self) -> bool:
        return self.since is not None

    @property
    def first(self) -> date:
        return date(self.number if self.since is None else self.since, 1, 1)

    @property
    def last(self) -> date:
        return date(self.number, 12, 31)

    @property
    def begins(self) -> datetime:
        return datetime(self.first.year, 1, 1, tzinfo=self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment that is no more in it."""
        return datetime(self.number + 1, 1, 1, tzinfo=self.zone)

    @property
    def law_day(self) -> date:
        """On which one looks up what the law asks of the year: its last day, or today."""
        return min(self.last, self.today)

    @property
    def under_way(self) -> bool:
        return self.today <= self.last

    def counts(self, number: int) -> bool:
        """Whether this calendar year is of it."""
        return self.first.year <= number <= self.number


class Brought(NamedTuple):
    """What several partners bring together."""

    partners: int
    """Different ones."""
    cents: int
    half_days: int
    in_kind: int
    """Contributions of premises, material or knowledge."""


def brought_of(contributions: Iterable[tuple[int, int, int, str]]) -> Brought:
    """Of what each partner brings to each action: (partner, cents, half days, what is neither)."""
    some = list(contributions)
    return Brought(
        len({partner for partner, *_ in some}),
        sum(cents for _, cents, _, _ in some),
        sum(half_days for _, _, half_days, _ in some),
        sum(1 for *_, premises in some if premises),
    )


def ratio(part: int | Decimal | Fraction, whole: int | Decimal | Fraction) -> Fraction | None:
    """None of nothing: a rate without a ground is not given."""
    return Fraction(part) / Fraction(whole) if whole else None


def expected_meetings(every_months: int, since: date, until: date) -> int:
    """How many meetings a cadence asks for between two days: one for each whole period that has gone by.

    Raises:
        ValueError: the cadence is no number of months.
    """
    if every_months < 1:
        raise ValueError(every_months)
    end = until + timedelta(days=1)
    months = (end.year - since.year) * MONTHS + end.month - since.month - (end.day < since.day)
    return max(months, 0) // every_months


class Fleet(NamedTuple):
    """Light vehicles of a year."""

    very_low: int = 0
    low: int = 0
    """Without the very low ones."""
    other: int = 0

    @property
    def all(self) -> int:
        return sum(self)

    @property
    def clean_rate(self) -> Fraction | None:
        """Of low emissions, the very low ones among them: as the law counts."""
        return ratio(self.very_low + self.low, self.all)

    @property
    def very_low_rate(self) -> Fraction | None:
        return ratio(self.very_low, self.all)


def keeps_quota(rate: Fraction | None, percent: Decimal) -> bool | None:
    """None: there is no vehicle."""
    return None if rate is None else rate * 100 >= Fraction(percent)


def carbon_avoided(units: int, kilometres: int, replaced: Decimal, by: Decimal) -> Fraction:
    """Kilograms of CO₂ a year; negative where what comes emits more."""
    return units * kilometres * (Fraction(replaced) - Fraction(by))


def median(values: Sequence[int]) -> Fraction | None:
    """The middle one; of an even number, halfway between the two."""
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    return Fraction(ordered[middle]) if len(values) % 2 else Fraction(ordered[middle - 1] + ordered[middle], 2)

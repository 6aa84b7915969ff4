"""What indicators come to. Pure; money in cents, ratios exact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing.money import Cents, half_up

MONTHS = 12


@dataclass(frozen=True)
class Year:
    """A calendar year in a group's zone, as far as it has gone."""

    number: int
    zone: tzinfo
    today: date

    @property
    def first(self) -> date:
        return date(self.number, 1, 1)

    @property
    def last(self) -> date:
        return date(self.number, 12, 31)

    @property
    def begins(self) -> datetime:
        return datetime(self.number, 1, 1, tzinfo=self.zone)

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

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


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


class Bought(NamedTuple):
    """Units of an item that were paid for together."""

    units: int
    paid: Cents
    """Before VAT, for all of them."""
    alone: Decimal | None
    """Euros before VAT that one unit would have cost a member by itself; None: nobody has said, or not from where."""


class Saving(NamedTuple):
    """What was paid less than each would have paid alone, where that is known."""

    cents: Cents
    """Negative: it cost more."""
    alone: Cents
    """What the same units would have cost."""
    without: int
    """How many of the items have no reference, and are in none of the two."""

    @property
    def rate(self) -> Fraction | None:
        return ratio(self.cents, self.alone)


def alone_of(bought: Bought) -> Cents:
    """Raises:
    ValueError: nobody said what it costs alone.
    """
    if bought.alone is None:
        raise ValueError(bought)
    return half_up(Fraction(bought.alone) * bought.units * 100)


def saving_of(items: Iterable[Bought]) -> Saving:
    """Of items that were taken; those without a reference are counted apart, never guessed."""
    taken = [item for item in items if item.units]
    known = [item for item in taken if item.alone is not None]
    alone = sum(map(alone_of, known))
    return Saving(alone - sum(item.paid for item in known), alone, len(taken) - len(known))


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

"""What buying together saves: what each would have paid alone, less what is paid. Pure."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from pooling.sharing.money import Cents
from pooling.sharing.tiers import line_total


class Bought(NamedTuple):
    """An item: so many units for so many cents HT; what one costs alone in euros HT, where that is known."""

    units: int
    paid: Cents
    alone: Fraction | None

    @property
    def alone_total(self) -> Cents | None:
        """What all units would have cost alone; None: nobody said, or not from where."""
        return None if self.alone is None else line_total(self.units, self.alone)


class Saving(NamedTuple):
    """In cents HT, of those items whose price alone is known; the others are counted, never guessed."""

    cents: Cents
    """Negative: buying together costs more."""
    alone: Cents
    """What the same units would have cost alone."""
    items: int
    """How many items it is of."""
    of: int
    """Of how many that were bought."""

    @property
    def known(self) -> bool:
        return self.items > 0

    @property
    def without(self) -> int:
        """Items without a price alone."""
        return self.of - self.items

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.cents, self.alone) if self.alone else None


def saving_of(bought: Iterable[Bought]) -> Saving:
    """Of the items of which somebody took something."""
    some = [one for one in bought if one.units]
    known = [(one.paid, alone) for one in some if (alone := one.alone_total) is not None]
    alone = sum(alone for _, alone in known)
    return Saving(alone - sum(paid for paid, _ in known), alone, len(known), len(some))

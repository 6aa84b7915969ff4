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


class Saving(NamedTuple):
    """In cents HT, of those items whose price alone is known; negative where buying together costs more."""

    cents: Cents
    items: int
    """How many items it is of."""
    of: int
    """Of how many that were bought."""


def saving_of(bought: Iterable[Bought]) -> Saving | None:
    """None: nothing was bought, or what it would have cost alone is known of nothing."""
    some = [one for one in bought if one.units]
    known = [(one.units, one.paid, one.alone) for one in some if one.alone is not None]
    if not known:
        return None
    return Saving(sum(line_total(units, alone) - paid for units, paid, alone in known), len(known), len(some))

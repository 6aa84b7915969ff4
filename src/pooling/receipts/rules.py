"""What has arrived of what was ordered, and what is too much, too little or was not ordered. Pure.

An order bears tolerances in percent, over and under. Of each of its items they are so many whole units of what is
ordered of it, rounded down (a part of a unit is no unit): 5 % of 30 racks is 1 rack, of 19 none. They are spent once,
by all deliveries together, however many there are. What came to the wrong place makes up for nothing: a unit too many
there and one too few here are both said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from pooling.kernel.text import slug
from pooling.web.typography import number, plural

SAME_DELIVERY = timedelta(days=3)
"""Units that arrived twice alike so near to each other, under no other delivery note, are doubted to be noted twice."""


class DeliveryState(StrEnum):
    NONE = "none"
    PARTIAL = "partial"
    COMPLETE = "complete"
    DECLARED = "declared"
    """Somebody said that it is complete, whatever came."""

    @property
    def is_complete(self) -> bool:
        return self in {DeliveryState.COMPLETE, DeliveryState.DECLARED}


@dataclass(frozen=True)
class Arrived:
    """What has arrived of one line of an order, over all its receipts."""

    ordered: int
    accepted: int = 0
    refused: int = 0

    @property
    def due(self) -> int:
        """Still owed; what was refused is."""
        return max(0, self.ordered - self.accepted)

    @property
    def over(self) -> int:
        return max(0, self.accepted - self.ordered)


@dataclass(frozen=True)
class ItemArrived:
    """The same of an item of an order, added up over its lines."""

    ordered: int
    accepted: int
    refused: int
    due: int
    over: int
    spare_over: int
    """Units too many that are still within the tolerance."""
    spare_under: int

    @property
    def is_complete(self) -> bool:
        """No more is lacking than the tolerance lets."""
        return self.due <= self.spare_under

    @property
    def is_too_much(self) -> bool:
        return self.over > self.spare_over

    @property
    def has_begun(self) -> bool:
        return self.accepted + self.refused > 0


def spare(ordered: int, percent: Decimal) -> int:
    """The whole units that a tolerance lets, rounded down."""
    return int(ordered * percent // 100)


def state_of(items: Sequence[ItemArrived], *, declared: bool) -> DeliveryState:
    """What an order's delivery has come to."""
    if declared:
        return DeliveryState.DECLARED
    if items and all(item.is_complete for item in items):
        return DeliveryState.COMPLETE
    return DeliveryState.PARTIAL if any(item.has_begun for item in items) else DeliveryState.NONE


class Gap(StrEnum):
    NOT_ORDERED = "not_ordered"
    TOO_MUCH = "too_much"
    REFUSED = "refused"
    TOO_LITTLE = "too_little"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """Between what was ordered and what came."""

    gap: Gap
    units: int
    tolerated: bool = False

    def said(self, unit: str) -> str:
        """As a sentence goes on after the item's name: « il manque 2 unités »."""
        units = plural(self.units, unit)
        ending = ", dans la tolérance" if self.tolerated else ""
        match self.gap:
            case Gap.NOT_ORDERED:
                return f"{units} sans commande"
            case Gap.TOO_MUCH:
                return f"{units} de trop{ending}"
            case Gap.REFUSED:
                return f"refus de {units}"
            case Gap.TOO_LITTLE:
                return f"il manque {units}{ending}"
            case Gap.NOTHING:
                return f"rien n’est arrivé, il manque {units}{ending}"


def differences(item: ItemArrived) -> list[Difference]:
    """What is not as it was ordered, of an item; nothing where all came and no more."""
    found = []
    if item.over and not item.ordered:
        found.append(Difference(Gap.NOT_ORDERED, item.over))
    elif item.over:
        found.append(Difference(Gap.TOO_MUCH, item.over, tolerated=not item.is_too_much))
    if item.refused:
        found.append(Difference(Gap.REFUSED, item.refused))
    if item.due:
        gap = Gap.TOO_LITTLE if item.has_begun else Gap.NOTHING
        found.append(Difference(gap, item.due, tolerated=item.is_complete))
    return found


def exceeds(before: ItemArrived, after: ItemArrived) -> bool:
    """Whether what is being noted is more than the order lets: what was too much already is not doubted again."""
    return after.is_too_much and after.over > before.over


def excess_said(name: str, unit: str, after: ItemArrived) -> str:
    """The doubt about it."""
    if not after.ordered:
        return f"« {name} » : {plural(after.over, unit)} sans commande."
    allowed = f", la tolérance est de {number(after.spare_over)}" if after.spare_over else ""
    return f"« {name} » : {plural(after.over, unit)} de trop pour {number(after.ordered)} en commande{allowed}."


Units = tuple[int, int]
"""Accepted and refused."""


@dataclass(frozen=True)
class Arrival:
    """What is noted of one arrival, by line of the order."""

    received_on: date
    delivery_note: str
    lines: Mapping[int, Units]


def is_same(noting: Arrival, noted: Arrival) -> bool:
    """Whether an arrival that is being noted may be one that is noted already: under the same delivery note, for a line
    of the order that both are about; or the same units of all lines that both are about, within a few days, unless
    their delivery notes are two. Whoever knows better says why.
    """
    shared = noting.lines.keys() & noted.lines.keys()
    if not shared:
        return False
    ours, theirs = slug(noting.delivery_note), slug(noted.delivery_note)
    if ours and theirs:
        return ours == theirs
    alike = all(noting.lines[line] == noted.lines[line] for line in shared)
    return alike and abs(noting.received_on - noted.received_on) <= SAME_DELIVERY

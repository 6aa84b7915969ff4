"""A purchase's life as moments in order: what is done, what comes, and when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from pooling.collections.models import Collection
from pooling.collections.rules import is_open
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState

_APART = 6.0
"""Percent of the picture's width: what stands nearer to the one before is drawn on another line."""
_LINES = 3


class Status(StrEnum):
    DONE = "done"
    PLANNED = "planned"
    """It comes, on a day that is known."""
    OPEN = "open"
    """It comes, nobody said when."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Moment:
    label: str
    status: Status
    day: date | None = None
    note: str = ""


def moments(
    purchase: Purchase,
    collection: Collection | None,
    dates: Mapping[str, datetime],
    frozen_at: datetime | None,
    zone: ZoneInfo,
) -> list[Moment]:
    """`dates` is when it last entered each state; `frozen_at` when the consolidation that counts was frozen."""

    def day_of(instant: datetime | None) -> date | None:
        return instant.astimezone(zone).date() if instant else None

    reached = dates if purchase.state != PurchaseState.DRAFT else {}
    found = [_moment("Préparation", day_of(purchase.created_at))]
    kind = kind_of(purchase.kind)
    called = {state: label for label, state in kind.steps}
    if kind.asking is not None:
        closed = collection.closed_at if collection and not is_open(collection) else None
        closes = day_of(collection.closes_at) if collection else None
        found += [
            _moment(f"Ouverture des {kind.asking.answer}s", day_of(collection.opened_at if collection else None)),
            _moment(f"Clôture des {kind.asking.answer}s", day_of(closed), closes),
        ]
    if kind.has(Part.CONSOLIDATION):
        found.append(_moment("Consolidation figée", day_of(frozen_at)))
    found += [
        _moment(called[PurchaseState.ORDERED], day_of(reached.get(PurchaseState.ORDERED))),
        _moment(
            called[PurchaseState.DELIVERED], day_of(reached.get(PurchaseState.DELIVERED)), purchase.delivery_expected_on
        ),
        _moment("Solde", day_of(reached.get(PurchaseState.SETTLED))),
    ]
    if purchase.state != PurchaseState.CANCELLED:
        return found
    done = [moment for moment in found if moment.status == Status.DONE]
    return [*done, Moment("Annulation", Status.GIVEN_UP, day_of(dates.get(PurchaseState.CANCELLED)))]


def _moment(label: str, day: date | None, planned: date | None = None) -> Moment:
    if day is not None:
        late = f"prévue le {planned:%d/%m/%Y}" if planned and planned != day else ""
        return Moment(label, Status.DONE, day, late)
    return Moment(label, Status.PLANNED if planned else Status.OPEN, planned)


@dataclass(frozen=True)
class Mark:
    """Where a moment is drawn: by its number in the table beside."""

    number: int
    moment: Moment
    at: float
    """Percent of the width: floats here only place ink."""
    line: int


@dataclass(frozen=True)
class Drawing:
    marks: Sequence[Mark]
    today: float | None
    """Where today is; None: it is over."""


def drawing(told: Sequence[Moment], today: date) -> Drawing | None:
    """The moments whose day is known, on a line of time that reaches today as long as the purchase goes on; None where
    there are not two days to draw between.
    """
    dated = sorted((moment.day, number, moment) for number, moment in enumerate(told, start=1) if moment.day)
    goes_on = told[-1].status not in {Status.DONE, Status.GIVEN_UP}
    days = [day for day, _, _ in dated] + ([today] if goes_on else [])
    first, span = min(days), (max(days) - min(days)).days
    if not span:
        return None
    ends: dict[int, float] = {}
    marks = []
    for day, number, moment in dated:
        at = _place(day, first, span)
        free = [one for one in range(_LINES) if at - ends.get(one, -_APART) >= _APART]
        line = free[0] if free else min(ends, key=ends.__getitem__)
        ends[line] = at
        marks.append(Mark(number, moment, at, line))
    return Drawing(marks, _place(today, first, span) if goes_on else None)


def _place(day: date, first: date, span: int) -> float:
    """A margin on both sides, for what is drawn around it."""
    return 4 + 92 * (day - first).days / span

"""What an agenda adds up to and how its items change places. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pooling.committees.models import DifficultyState
from pooling.kernel.errors import Conflict
from pooling.kernel.states import StateMachine

MOST_ITEMS = 200
"""On one agenda: more is not a meeting any more."""
LONGEST_SAID = 180
"""Letters of a difficulty in an item's title, which convocations print: a sentence is not cut."""


def start_times(starts_at: datetime, durations: Sequence[int | None]) -> list[datetime | None]:
    """When each item begins: the meeting's start and the minutes of those before it. None once one of them has no
    duration, since then nobody knows.
    """
    begins: list[datetime | None] = []
    moment: datetime | None = starts_at
    for minutes in durations:
        begins.append(moment)
        moment = None if moment is None or minutes is None else moment + timedelta(minutes=minutes)
    return begins


def minutes_over(starts_at: datetime, ends_at: datetime, durations: Iterable[int | None]) -> int:
    """By how many minutes the items are longer than the meeting; 0 when they are not."""
    wanted = timedelta(minutes=sum(minutes or 0 for minutes in durations))
    return max(0, int((wanted - (ends_at - starts_at)).total_seconds()) // 60)


def moved_to(order: Sequence[int], item: int, place: int) -> list[int]:
    """The order with this item at that place, counted from 1; beyond either end it becomes the first or the last."""
    others = [other for other in order if other != item]
    at = min(max(place, 1), len(order)) - 1
    return [*others[:at], item, *others[at:]]


def require_room(present: int, added: int) -> None:
    """Whether so many items more fit.

    Raises:
        Conflict: they do not.
    """
    if present + added > MOST_ITEMS:
        raise Conflict(f"Un ordre du jour a {MOST_ITEMS} points au plus.", code="agenda_full")


_NUMBERING = re.compile(r"^\s*(?:[-–—•*](?!\d)\s*|\d{1,2}\s*[.)°-](?:\s+|$))")
"""A blank follows a number: « 10.5 points » is none."""


def agenda_points(agenda: str) -> list[str]:
    """The agenda's points: one a line, without the numbers or dashes they were typed with."""
    points = (_NUMBERING.sub("", line).strip() for line in agenda.splitlines())
    return [point for point in points if point]


DIFFICULTY = StateMachine(
    noun="difficulty",
    this="Cette difficulté",
    begins=frozenset({DifficultyState.RAISED}),
    transitions={
        DifficultyState.RAISED: frozenset({DifficultyState.SETTLED}),
        DifficultyState.SETTLED: frozenset(),
    },
    words={DifficultyState.RAISED: "Signalée", DifficultyState.SETTLED: "Réglée"},
    tags={DifficultyState.RAISED: "due", DifficultyState.SETTLED: "done"},
)

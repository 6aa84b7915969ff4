"""A collection's life, and what its date decides. Pure."""

from datetime import datetime, timedelta
from typing import Protocol

from pooling.collections.models import CollectionState as State
from pooling.kernel.states import StateMachine

COLLECTION = StateMachine(
    noun="collection",
    this="Cette collecte",
    begins=frozenset({State.OPEN}),
    transitions={
        State.OPEN: frozenset({State.CLOSED, State.CANCELLED}),
        State.CLOSED: frozenset({State.OPEN}),
        State.CANCELLED: frozenset(),
    },
    words={State.OPEN: "Ouverte", State.CLOSED: "Close", State.CANCELLED: "Abandonnée"},
    tags={State.OPEN: "due", State.CLOSED: "closed", State.CANCELLED: "cancelled"},
)
"""Events tell of the subject: it is moved with its collection, and by its own machine."""

SHORTEST_COLLECTION = timedelta(hours=1)
TOO_NEAR = "Choisissez une date de clôture à venir, dans une heure au plus tôt."


def is_too_near(closes_at: datetime, now: datetime) -> bool:
    return closes_at < now + SHORTEST_COLLECTION


class Collecting(Protocol):
    """A collection, or as much of one as was read."""

    @property
    def state(self) -> str: ...
    @property
    def closes_at(self) -> datetime: ...


def is_open(collection: Collecting | None) -> bool:
    """Even past its date, until somebody or the sweep has closed it."""
    return collection is not None and collection.state == State.OPEN


def accepts(collection: Collecting | None, now: datetime) -> bool:
    """Past its closing date filing is refused at once, even before the sweep has closed the collection."""
    return collection is not None and is_open(collection) and now < collection.closes_at

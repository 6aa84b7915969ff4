"""A purchase's life, as one mapping."""

from collections.abc import Mapping
from datetime import datetime

from pooling.kernel.errors import Conflict
from pooling.purchases.models import PurchaseState as State

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.OPEN, State.CANCELLED}),
    State.OPEN: frozenset({State.CLOSED, State.CANCELLED}),
    State.CLOSED: frozenset({State.OPEN, State.ORDERED, State.CANCELLED}),
    State.ORDERED: frozenset({State.DELIVERED, State.CANCELLED}),
    State.DELIVERED: frozenset({State.SETTLED}),
    State.SETTLED: frozenset(),
    State.CANCELLED: frozenset(),
}

WORDS: Mapping[State, str] = {
    State.DRAFT: "En préparation",
    State.OPEN: "Déclarations ouvertes",
    State.CLOSED: "Collecte close",
    State.ORDERED: "Commandé",
    State.DELIVERED: "Livré",
    State.SETTLED: "Soldé",
    State.CANCELLED: "Annulé",
}


def check_transition(before: str, after: State) -> None:
    """Whether the purchase may go there.

    Raises:
        Conflict: it may not.
    """
    if after not in TRANSITIONS[State(before)]:
        raise Conflict(
            f"Cet achat est dans l’état « {WORDS[State(before)]} » : il ne peut pas passer à « {WORDS[after]} ».",
            code="transition_refused",
        )


def accepts_declarations(state: str, closes_at: datetime | None, now: datetime) -> bool:
    """Past its closing date filing is refused at once, even before the sweep has closed the collection."""
    return state == State.OPEN and closes_at is not None and now < closes_at

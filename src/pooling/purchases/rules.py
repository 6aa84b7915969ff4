"""A purchase's life, all kinds together: the way that one of them goes is its kind's (`kinds/kind.py`)."""

from pooling.kernel.states import StateMachine
from pooling.purchases.models import PurchaseState as State

OVER = frozenset({State.SETTLED, State.CANCELLED})
"""Nothing of such a purchase changes any more."""
ONCE_CLOSED = frozenset({State.CLOSED, State.ORDERED, State.DELIVERED, State.SETTLED})
"""Its collection has closed: what follows from it is on its way."""
PURCHASE = StateMachine(
    noun="purchase",
    this="Cet achat",
    begins=frozenset({State.DRAFT}),
    transitions={
        State.DRAFT: frozenset({State.OPEN, State.ORDERED, State.CANCELLED}),
        State.OPEN: frozenset({State.CLOSED, State.CANCELLED}),
        State.CLOSED: frozenset({State.OPEN, State.ORDERED, State.CANCELLED}),
        State.ORDERED: frozenset({State.DELIVERED, State.CANCELLED}),
        State.DELIVERED: frozenset({State.SETTLED}),
        State.SETTLED: frozenset(),
        State.CANCELLED: frozenset(),
    },
    words={
        State.DRAFT: "En préparation",
        State.OPEN: "Déclarations ouvertes",
        State.CLOSED: "Collecte close",
        State.ORDERED: "Commandé",
        State.DELIVERED: "Livré",
        State.SETTLED: "Soldé",
        State.CANCELLED: "Annulé",
    },
    tags={
        State.DRAFT: "draft",
        State.OPEN: "due",
        State.CLOSED: "closed",
        State.ORDERED: "primary",
        State.DELIVERED: "primary",
        State.SETTLED: "done",
        State.CANCELLED: "cancelled",
    },
)

"""What a kind of purchase says of itself. Whatever differs from one kind to another is asked of this value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from pooling.kernel.errors import NotFound
from pooling.kernel.states import StateMachine
from pooling.purchases.kinds.asking import Asking
from pooling.purchases.kinds.parts import LACKED, Part
from pooling.purchases.kinds.steps import Step
from pooling.purchases.models import PurchaseKind, PurchaseState
from pooling.purchases.rules import PURCHASE


@dataclass(frozen=True)
class Kind:
    name: PurchaseKind
    label: str
    hint: str
    """What whoever prepares a purchase chooses by."""
    noun: str
    """How a sentence about one begins: « Un service à frais partagés »."""
    parts: frozenset[Part]
    steps: tuple[tuple[str, PurchaseState], ...]
    """Its frise: each step by the state that it stands for, from preparation on. It goes this way and no other."""
    by_hand: tuple[Step, ...]
    """Those steps that the lead buyer takes by hand."""
    without_items: str
    """What its page says where items would stand."""
    due: str = "Livraison"
    """What its expected day is the day of."""
    unit: str = ""
    """In what all its items are counted; empty: each says its own."""
    asking: Asking | None = None
    """What is asked of its members; None: nothing is, and it never opens a collection."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Tabs, by their path, that are called otherwise."""
    words: Mapping[PurchaseState, str] = field(default_factory=dict)
    """States that people call otherwise than those of other purchases."""

    def has(self, part: str | None) -> bool:
        """Whether there is such a part; None: what every purchase has."""
        return part is None or Part(part) in self.parts

    def require(self, part: str | None) -> None:
        """Raises:
        NotFound: a purchase of this kind has no such part.
        """
        if part is not None and not self.has(part):
            raise NotFound(f"{self.noun} n’a pas {LACKED[Part(part)]}.")

    def label_of(self, path: str, usual: str) -> str:
        """What a tab is called."""
        return self.labels.get(path, usual)

    def word(self, state: str) -> str:
        return self.life.word(state)

    def next_step(self, state: str) -> Step | None:
        """What the lead buyer may do by hand where it stands, whatever must be so before."""
        return next((step for step in self.by_hand if self.life.may(state, step.state)), None)

    @cached_property
    def life(self) -> StateMachine[PurchaseState]:
        """Its states and where it may go from each: along its frise, back to a collection once that has closed, and
        out of it until something is delivered.
        """
        order = [state for _, state in self.steps]
        onward: dict[PurchaseState, set[PurchaseState]] = {state: set() for state in PurchaseState}
        for before, after in pairwise(order):
            onward[before].add(after)
        if self.asking is not None:
            onward[PurchaseState.CLOSED].add(PurchaseState.OPEN)
        for state in _before_delivery(order):
            onward[state].add(PurchaseState.CANCELLED)
        return replace(
            PURCHASE,
            transitions={state: frozenset(reached) for state, reached in onward.items()},
            words={**PURCHASE.words, **self.words},
        )


def _before_delivery(order: Sequence[PurchaseState]) -> Sequence[PurchaseState]:
    return order[: order.index(PurchaseState.DELIVERED)]

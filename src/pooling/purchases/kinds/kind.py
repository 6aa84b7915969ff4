"""What a kind of purchase says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pooling.purchases.models import PurchaseKind, PurchaseState
from pooling.purchases.rules import PURCHASE


@dataclass(frozen=True)
class Kind:
    name: PurchaseKind
    label: str
    hint: str
    """What whoever prepares a purchase chooses by."""
    collects: bool
    """Whether it has items of which members declare quantities; one that has none never opens a collection."""
    steps: tuple[tuple[str, PurchaseState], ...]
    """Its frise: each step by the state that it stands for."""
    without_items: str
    """What its page says where items would stand."""
    hidden_sections: frozenset[str] = frozenset()
    """Tabs, by their path, that say nothing of such a purchase."""
    words: Mapping[PurchaseState, str] = field(default_factory=dict)
    """States that people call otherwise than those of other purchases."""

    def word(self, state: str) -> str:
        return self.words.get(PurchaseState(state)) or PURCHASE.word(state)

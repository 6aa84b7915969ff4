"""The life of a thing: its states, where it may go from each, and how people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event

S = TypeVar("S", bound=StrEnum)


class Stateful(Protocol):
    """A row that has a state."""

    id: int
    state: str


@dataclass(frozen=True)
class StateMachine(Generic[S]):
    """One kind of thing's life, said once."""

    noun: str
    """Its kind in events: `purchase`, whose moves are `purchase.closed` and the like."""
    this: str
    """How a sentence about it begins: « Cet achat ». The sentence goes on with « il » or « elle »."""
    begins: frozenset[S]
    transitions: Mapping[S, frozenset[S]]
    """Where it may go from each of its states."""
    words: Mapping[S, str]
    tags: Mapping[S, str]
    """Which colour and icon the word has on pages."""
    event_prefix: str = ""
    """What its events' names begin with, where it is not the noun."""

    @property
    def states(self) -> type[S]:
        return type(next(iter(self.transitions)))

    def of(self, state: str) -> S:
        """The state that a column holds."""
        return self.states(state)

    def word(self, state: str) -> str:
        return self.words[self.of(state)]

    def tag(self, state: str) -> str:
        return self.tags[self.of(state)]

    def may(self, before: str, after: S) -> bool:
        return after in self.transitions[self.of(before)]

    def sources(self, after: S) -> frozenset[S]:
        """The states from which one comes there: for a statement that moves many rows at once."""
        return frozenset(before for before, reached in self.transitions.items() if after in reached)

    def is_end(self, state: str) -> bool:
        return not self.transitions[self.of(state)]

    def require(self, before: str, after: S) -> None:
        """Raises:
        Conflict: it cannot go there from where it is.
        """
        if not self.may(before, after):
            pronoun = "elle" if self.this.startswith("Cette") else "il"
            raise Conflict(
                f"{self.this} est dans l’état « {self.word(before)} » : "
                f"{pronoun} ne peut pas passer à « {self.words[after]} ».",
                code="transition_refused",
            )

    def move(
        self,
        session: AsyncSession,
        thing: Stateful,
        after: S,
        *,
        at: datetime,
        person_id: int | None,
        name: str = "",
        reason: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Moves a locked row and records the event. `person_id` is None when the application does it by itself;
        `name` is the event's last word where it is not the state's.

        Raises:
            Conflict: it cannot go there from where it is.
        """
        before = thing.state
        self.require(before, after)
        thing.state = after
        record_event(
            session,
            at=at,
            person_id=person_id,
            subject=(self.noun, thing.id),
            name=f"{self.event_prefix or self.noun}.{name or after}",
            change=(before, after),
            reason=reason or None,
            details=details,
        )

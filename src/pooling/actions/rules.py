"""An action's life. Pure."""

from datetime import date
from fractions import Fraction
from typing import Protocol

from pooling.actions.models import ActionState, Ease, FactorKind, PartnerKind
from pooling.kernel.states import StateMachine
from pooling.web.typography import euros, number

_AHEAD = frozenset({ActionState.PRIORITISED, ActionState.AGREED, ActionState.UNDER_WAY, ActionState.SET_ASIDE})

ACTION = StateMachine(
    noun="action",
    this="Cette action",
    begins=frozenset({ActionState.PROPOSED}),
    transitions={
        # A group may skip a step: what is urgent is agreed on at once, what a member does already is under way.
        ActionState.PROPOSED: _AHEAD,
        ActionState.PRIORITISED: frozenset(
            {ActionState.PROPOSED, ActionState.AGREED, ActionState.UNDER_WAY, ActionState.SET_ASIDE}
        ),
        ActionState.AGREED: frozenset({ActionState.PRIORITISED, ActionState.UNDER_WAY, ActionState.SET_ASIDE}),
        ActionState.UNDER_WAY: frozenset({ActionState.AGREED, ActionState.DONE, ActionState.SET_ASIDE}),
        ActionState.DONE: frozenset({ActionState.UNDER_WAY}),
        ActionState.SET_ASIDE: frozenset({ActionState.PROPOSED}),
    },
    words={
        ActionState.PROPOSED: "Proposée",
        ActionState.PRIORITISED: "Priorisée",
        ActionState.AGREED: "Convenue",
        ActionState.UNDER_WAY: "En cours",
        ActionState.DONE: "Faite",
        ActionState.SET_ASIDE: "Écartée",
    },
    tags={
        ActionState.PROPOSED: "draft",
        ActionState.PRIORITISED: "waiting",
        ActionState.AGREED: "waiting",
        ActionState.UNDER_WAY: "primary",
        ActionState.DONE: "done",
        ActionState.SET_ASIDE: "cancelled",
    },
)


def next_states(before: ActionState | str) -> list[ActionState]:
    """Where it may go, forwards first, then to be set aside, then back."""
    order = list(ActionState)
    return sorted(
        (state for state in order if ACTION.may(before, state)),
        key=lambda state: (order.index(state) < order.index(ActionState(before)), order.index(state)),
    )


OVER = (ActionState.DONE, ActionState.SET_ASIDE)
"""States in which nothing goes on, although an action may be taken up again."""
ENDING = (ActionState.PRIORITISED, ActionState.AGREED, ActionState.UNDER_WAY)
"""Those in which the day that it should be over is a deadline."""
PARTNER_WORDS = {
    PartnerKind.ASSOCIATION: "Association",
    PartnerKind.COMPANY: "Entreprise",
    PartnerKind.AUTHORITY: "Collectivité hors du groupe",
    PartnerKind.PUBLIC_BODY: "Organisme public",
    PartnerKind.OTHER: "Autre",
}
EASE_WORDS = {Ease.EASY: "facile", Ease.MEDIUM: "moyen", Ease.HARD: "difficile"}
EASE_ORDER = (Ease.EASY, Ease.MEDIUM, Ease.HARD)
FACTOR_WORDS = {FactorKind.OBSTACLE: "Frein", FactorKind.OPPORTUNITY: "Opportunité"}


class Brought(Protocol):
    """What a partner brings, wherever it was read."""

    @property
    def amount_cents(self) -> int: ...
    @property
    def half_days(self) -> int: ...
    @property
    def premises(self) -> str: ...


def days_words(half_days: int) -> str:
    """« 2,5 jours »."""
    days = Fraction(half_days, 2)
    return f"{number(days)} jour{'s' if days >= 2 else ''}"  # noqa: PLR2004 - French: 1,5 jour


def brought_words(brought: Brought) -> str:
    """« 1 200,00 €, 2,5 jours, une salle »."""
    parts = [
        euros(brought.amount_cents) if brought.amount_cents else "",
        days_words(brought.half_days) if brought.half_days else "",
        brought.premises,
    ]
    return ", ".join(part for part in parts if part) or "sans contribution chiffrée"


def quarter_of(day: date) -> str:
    """« T2 2027 »."""
    return f"T{(day.month - 1) // 3 + 1} {day.year}"


def quarters_words(begins: date | None, ends: date | None) -> str:
    """« T2 2027 », « T2 2027 à T1 2028 »; what is not said is « … »."""
    if begins is None and ends is None:
        return ""
    first, last = (quarter_of(day) if day else "…" for day in (begins, ends))
    return first if first == last else f"{first} à {last}"


def place_in_year(year: int, begins: date | None, ends: date | None) -> tuple[int, int]:
    """From which day of the year, counted from 0, and for how many days; what is not said reaches beyond the year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    start, end = max(begins or first, first), min(ends or last, last)
    return (start - first).days, max((end - start).days + 1, 0)

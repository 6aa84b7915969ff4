"""An action's life. Pure."""

from pooling.actions.models import ActionState, Ease, FactorKind
from pooling.kernel.states import StateMachine

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
OVER = (ActionState.DONE, ActionState.SET_ASIDE)
"""States in which nothing goes on, although an action may be taken up again."""
ENDING = (ActionState.PRIORITISED, ActionState.AGREED, ActionState.UNDER_WAY)
"""Those in which the day that it should be over is a deadline."""
EASE_WORDS = {Ease.EASY: "facile", Ease.MEDIUM: "moyen", Ease.HARD: "difficile"}
EASE_ORDER = (Ease.EASY, Ease.MEDIUM, Ease.HARD)
FACTOR_WORDS = {FactorKind.OBSTACLE: "Frein", FactorKind.OPPORTUNITY: "Opportunité"}

"""A decision's life."""

from pooling.committees.decisions.models import DecisionState as State
from pooling.kernel.states import StateMachine

DECISION = StateMachine(
    noun="decision",
    this="Cette décision",
    begins=frozenset({State.OPEN}),
    transitions={
        State.OPEN: frozenset({State.DONE, State.DROPPED}),
        # What was settled is taken up again.
        State.DONE: frozenset({State.OPEN}),
        State.DROPPED: frozenset({State.OPEN}),
    },
    words={State.OPEN: "À suivre", State.DONE: "Faite", State.DROPPED: "Abandonnée"},
    tags={State.OPEN: "due", State.DONE: "done", State.DROPPED: "cancelled"},
)

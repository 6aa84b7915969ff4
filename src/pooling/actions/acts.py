"""What a decision does to an action: it says where it stands."""

from collections.abc import Awaitable, Callable
from typing import Any

from pooling.actions.keeping import move_decided
from pooling.actions.models import ActionState
from pooling.actions.rules import ACTION
from pooling.members.acts import Act, NoTerms, Order


def _moving(state: ActionState) -> Callable[[Order[NoTerms]], Awaitable[None]]:
    async def move(order: Order[NoTerms]) -> None:
        await move_decided(order.session, order.caller, order.subject_id, state, order.clock.now(), order.reason)

    return move


def _act(name: str, label: str, state: ActionState, consequence: str, done: str) -> Act[NoTerms]:
    return Act(
        name=name,
        label=label,
        subject="action",
        possible=frozenset(str(before) for before in ACTION.sources(state)),
        terms=NoTerms,
        carry_out=_moving(state),
        consequences=lambda _: (consequence,),
        did={f"action.{state}": done},
    )


ACTS: tuple[Act[Any], ...] = (
    _act(
        "prioritise_action",
        "Prioriser l’action",
        ActionState.PRIORITISED,
        "L’action est dite priorisée : le groupe s’en occupera d’abord.",
        "l’action est priorisée",
    ),
    _act(
        "agree_action",
        "Convenir de l’action",
        ActionState.AGREED,
        "L’action est dite convenue : elle peut être lancée.",
        "l’action est convenue",
    ),
    _act(
        "start_action",
        "Lancer l’action",
        ActionState.UNDER_WAY,
        "L’action est dite en cours.",
        "l’action est en cours",
    ),
    _act(
        "finish_action",
        "Terminer l’action",
        ActionState.DONE,
        "L’action est dite faite ; elle peut être reprise.",
        "l’action est faite",
    ),
    _act(
        "set_aside_action",
        "Écarter l’action",
        ActionState.SET_ASIDE,
        "L’action est écartée, et le groupe lit le texte de la décision. Elle peut être proposée de nouveau.",
        "l’action est écartée",
    ),
)

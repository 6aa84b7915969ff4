"""An action as what decisions, items of agendas and difficulties are about."""

from dataclasses import replace

from pooling.actions.models import Action
from pooling.actions.rules import ACTION, OVER
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.members.subjects import SubjectKind


def _as_facilitator(caller: Caller, action_id: int) -> Caller:  # noqa: ARG001 - as the others
    """One role more, in memory: the group decided in the facilitator's place."""
    return replace(caller, roles=(*caller.roles, HeldRole(Role.FACILITATOR)))


SUBJECT = SubjectKind(
    name="action",
    word="Action",
    the="l’action",
    field="Action concernée",
    one_of_the_group="une action du groupe",
    unknown="Le groupe n’a pas d’action de cette référence.",
    asked="l’animation du groupe",
    table=Action,
    states=ACTION,
    over=tuple(str(state) for state in OVER),
    path="/actions/{reference}",
    run_by=lambda _: (),  # the facilitator runs all of them, and carries out every decision
    running=_as_facilitator,
)

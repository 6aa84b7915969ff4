"""A round as what decisions and agenda items are about."""

from collections.abc import Collection
from dataclasses import replace

from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.members.subjects import SubjectKind
from pooling.rounds.models import Round
from pooling.rounds.page import ROUNDS
from pooling.rounds.rules import ROUND


def _run_by(caller: Caller) -> Collection[int]:  # noqa: ARG001 - as the others
    """Nobody runs one apart from the facilitator, who applies every decision."""
    return ()


def _as_facilitator(caller: Caller, round_id: int) -> Caller:  # noqa: ARG001 - the act is given this one alone
    """One role more, in memory, for whoever carries out what the committee decided: its secretary may."""
    return replace(caller, roles=(*caller.roles, HeldRole(Role.FACILITATOR)))


SUBJECT = SubjectKind(
    name="round",
    word="Tour",
    the="le tour",
    field="Tour de priorisation concerné",
    one_of_the_group="un tour de priorisation du groupe",
    unknown="Le groupe n’a pas de tour de priorisation de cette référence.",
    asked="l’animateur du groupe",
    table=Round,
    states=ROUND,
    path=f"{ROUNDS}/{{reference}}",
    run_by=_run_by,
    running=_as_facilitator,
)

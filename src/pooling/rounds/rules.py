"""A round's life, what a ballot may say, what all of them come to. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from pooling.kernel.states import StateMachine
from pooling.rounds.models import CRITERIA, HIGHEST_MARK, Mark, Method, Round, RoundState
from pooling.web.typography import plural

ROUND = StateMachine(
    noun="round",
    this="Ce tour",
    begins=frozenset({RoundState.DRAFT}),
    transitions={
        RoundState.DRAFT: frozenset({RoundState.OPEN, RoundState.CANCELLED}),
        RoundState.OPEN: frozenset({RoundState.CLOSED, RoundState.CANCELLED}),
        # What was secret is known now: it does not open again.
        RoundState.CLOSED: frozenset({RoundState.ADOPTED}),
        RoundState.ADOPTED: frozenset(),
        RoundState.CANCELLED: frozenset(),
    },
    words={
        RoundState.DRAFT: "En préparation",
        RoundState.OPEN: "Ouvert",
        RoundState.CLOSED: "Clos",
        RoundState.ADOPTED: "Adopté",
        RoundState.CANCELLED: "Abandonné",
    },
    tags={
        RoundState.DRAFT: "draft",
        RoundState.OPEN: "due",
        RoundState.CLOSED: "waiting",
        RoundState.ADOPTED: "done",
        RoundState.CANCELLED: "cancelled",
    },
)
COUNTED = (RoundState.CLOSED, RoundState.ADOPTED)

Marks = Mapping[int, Mapping[Mark, int]]
"""A ballot: by the id of an action, what is given to it."""


def is_revealed(found: Round) -> bool:
    """Whether others than a member itself may know what it gave."""
    return found.state in COUNTED or (not found.secret and found.state == RoundState.OPEN)


def shows_turnout(found: Round) -> bool:
    """Whether others may know who has voted."""
    return found.state in COUNTED or (found.state == RoundState.OPEN and (not found.secret or found.turnout_shown))


def importance_of(found: Round) -> dict[Mark, int]:
    """What each criterion weighs."""
    return {mark: getattr(found, f"{mark}_weight") for mark in CRITERIA}


def criteria_asked(found: Round) -> list[Mark]:
    """Those that count for something."""
    return [mark for mark, weight in importance_of(found).items() if weight]


def ballot_faults(
    method: str, budget: int, asked: Collection[Mark], actions: Collection[int], marks: Marks
) -> dict[str, str]:
    """What a ballot may not say, in a sentence at the field to mend (`points-12`, `impact-12`; "" for the whole)."""
    if not set(actions).issuperset(marks):
        return {"": "Ce bulletin nomme une action qui n’est pas de ce tour."}
    found = _points_faults(budget, marks) if method == Method.POINTS else _criteria_faults(asked, marks)
    if not found and not any(marks.values()):
        found[""] = (
            "Donnez au moins un point à une action."
            if method == Method.POINTS
            else "Notez au moins une action sur tous ses critères."
        )
    return found


def _points_faults(budget: int, marks: Marks) -> dict[str, str]:
    strange = [action for action, given in marks.items() if set(given) - {Mark.POINTS}]
    if strange:
        return {"": "Ce tour se vote avec des points."}
    found = {
        f"points-{action}": "Donnez un nombre entier de points, 1 au moins."
        for action, given in marks.items()
        if any(value < 1 for value in given.values())
    }
    given = sum(value for of_action in marks.values() for value in of_action.values())
    if not found and given > budget:
        found[""] = (
            f"Vous donnez {plural(given, 'point')} : il y en a {budget} à répartir, reprenez-en {given - budget}."
        )
    return found


def _criteria_faults(asked: Collection[Mark], marks: Marks) -> dict[str, str]:
    found = {}
    for action, given in marks.items():
        if set(given) - set(asked):
            return {"": "Ce tour ne se note pas sur ce critère."}
        for mark in asked if given else ():
            if mark not in given:
                found[f"{mark}-{action}"] = "Notez chaque critère de l’action, ou aucun si vous êtes sans avis."
            elif not 1 <= given[mark] <= HIGHEST_MARK:
                found[f"{mark}-{action}"] = f"Donnez une note de 1 à {HIGHEST_MARK}."
    return found


@dataclass(frozen=True)
class Turnout:
    """Who has voted, of those who may; and what they weigh."""

    members: int
    voted: int
    weight: int
    weight_voted: int

    @property
    def ratio(self) -> Fraction | None:
        """None: nobody may vote."""
        return Fraction(self.voted, self.members) if self.members else None

    @property
    def weight_ratio(self) -> Fraction | None:
        return Fraction(self.weight_voted, self.weight) if self.weight else None


@dataclass(frozen=True)
class Tally:
    """What an action was given by all ballots together."""

    action: int
    sums: Mapping[Mark, int] = field(default_factory=dict)
    """Of each mark, its values times the weights of who gave them."""
    members: int = 0
    """Who gave it something."""
    weight: int = 0
    """Of those."""


@dataclass(frozen=True)
class Ranked:
    """Where an action stands."""

    action: int
    rank: int | None
    """None: nobody chose it."""
    score: Fraction | None
    """Points, times weights; or the mark out of five."""
    share: Fraction | None
    """Of all points given; None where marks are given."""
    means: Mapping[Mark, Fraction]
    """The mean mark of each criterion."""
    members: int
    tied: bool
    """Whether another one has its rank."""


def ranked(tallies: Sequence[Tally], method: str, importance: Mapping[Mark, int]) -> list[Ranked]:
    """All of them, the first one first; those of one rank, and those without, in the order of the ballot.

    Of equal score, the action that more members chose goes first; where marks are given, the one whose impact is marked
    higher. Still equal, they share a rank, and as many ranks after it are left out: 1, 2, 2, 4.
    """
    points = method == Method.POINTS
    given = sum(tally.sums.get(Mark.POINTS, 0) for tally in tallies)
    means = {tally.action: _means(tally) for tally in tallies}
    keys: dict[int, tuple[Fraction, Fraction] | None] = {
        tally.action: _points_key(tally) if points else _criteria_key(means[tally.action], importance)
        for tally in tallies
    }
    chosen = sorted((key for key in keys.values() if key is not None), reverse=True)
    found = []
    for tally in tallies:
        key = keys[tally.action]
        found.append(
            Ranked(
                action=tally.action,
                rank=chosen.index(key) + 1 if key is not None else None,
                score=key[0] if key is not None else None,
                share=Fraction(tally.sums.get(Mark.POINTS, 0), given) if points and given else None,
                means={} if points else means[tally.action],
                members=tally.members,
                tied=key is not None and chosen.count(key) > 1,
            )
        )
    return sorted(found, key=lambda one: (one.rank is None, one.rank or 0))


def _points_key(tally: Tally) -> tuple[Fraction, Fraction] | None:
    score = tally.sums.get(Mark.POINTS, 0)
    return (Fraction(score), Fraction(tally.members)) if score else None


def _criteria_key(means: Mapping[Mark, Fraction], importance: Mapping[Mark, int]) -> tuple[Fraction, Fraction] | None:
    counted = {mark: weight for mark, weight in importance.items() if weight}
    if not means or not counted:
        return None
    total = sum((means.get(mark, Fraction(0)) * weight for mark, weight in counted.items()), Fraction(0))
    return total / sum(counted.values()), means.get(Mark.IMPACT, Fraction(0))


def _means(tally: Tally) -> dict[Mark, Fraction]:
    if not tally.weight:
        return {}
    return {mark: Fraction(tally.sums[mark], tally.weight) for mark in CRITERIA if mark in tally.sums}

"""A round in French."""

from collections.abc import Mapping
from fractions import Fraction

from pooling.rounds.models import Mark, Method, Round, Weighting
from pooling.rounds.queries import Line, Result
from pooling.rounds.rules import Ranked, Turnout, criteria_asked, importance_of
from pooling.web.typography import number, percent, plural

METHOD_WORDS: Mapping[Method, str] = {Method.POINTS: "Des points à répartir", Method.CRITERIA: "Des critères à noter"}
WEIGHTING_WORDS: Mapping[Weighting, str] = {
    Weighting.MEMBER: "Un membre, une voix",
    Weighting.POPULATION: "Selon la population",
    Weighting.AGENTS: "Selon le nombre d’agents",
}
_UNITS: Mapping[Weighting, str] = {Weighting.POPULATION: "habitant", Weighting.AGENTS: "agent"}
CRITERION_WORDS: Mapping[Mark, str] = {
    Mark.IMPACT: "Impact",
    Mark.COST: "Coût",
    Mark.EASE: "Facilité",
    Mark.URGENCY: "Urgence",
}
CRITERION_HINTS: Mapping[Mark, str] = {
    Mark.IMPACT: "5 : fort",
    Mark.COST: "5 : peu coûteux",
    Mark.EASE: "5 : facile",
    Mark.URGENCY: "5 : urgent",
}
"""What 5 means: it always speaks for the action."""


def asks(found: Round) -> str:
    """What a member does, in a sentence."""
    if found.method == Method.POINTS:
        return f"Chaque membre répartit {plural(found.budget, 'point')} entre les actions."
    said = [
        f"{CRITERION_WORDS[mark].lower()} (poids {weight})" for mark, weight in importance_of(found).items() if weight
    ]
    return f"Chaque membre note les actions de 1 à 5 : {', '.join(said)}."


def discretion(found: Round) -> str:
    """Who knows what, and when."""
    if not found.secret:
        return "Vote ouvert : chacun voit à tout moment qui a voté, et ce qu’il a donné."
    if found.turnout_shown:
        return "Vote secret jusqu’à la clôture : on voit seulement qui a voté. Ensuite, le groupe lit les bulletins."
    return "Vote secret jusqu’à la clôture : on ne voit ni qui a voté, ni quoi. Ensuite, le groupe lit les bulletins."


def ties(found: Round) -> str:
    """How those that are equal stand."""
    if found.method == Method.POINTS:
        first = "À égalité de points, l’action choisie par le plus de membres passe devant."
    elif Mark.IMPACT in criteria_asked(found):
        first = "À égalité de note, l’action dont l’impact est le mieux noté passe devant."
    else:
        first = ""
    shared = (
        "Les actions encore à égalité partagent leur rang, dans l’ordre du bulletin ; le rang suivant compte celles "
        "qui précèdent (1, 2, 2, 4). Une action que personne n’a choisie n’a pas de rang."
    )
    return f"{first} {shared}".strip()


def weighs(found: Round, weight: int) -> str:
    """What a member's ballot weighs: « 1 200 habitants »."""
    weighting = Weighting(found.weighting)
    return "1 voix" if weighting == Weighting.MEMBER else plural(weight, _UNITS[weighting])


def turnout_words(found: Round, turnout: Turnout) -> str:
    """« 12 membres sur 20 ont voté (60 %), soit 45 000 habitants sur 90 000 (50 %) »."""
    have = "ont" if turnout.voted > 1 else "a"
    said = f"{plural(turnout.voted, 'membre')} sur {number(turnout.members)} {have} voté{_ratio(turnout.ratio)}"
    weighting = Weighting(found.weighting)
    if weighting == Weighting.MEMBER:
        return said
    weight = f"{plural(turnout.weight_voted, _UNITS[weighting])} sur {number(turnout.weight)}"
    return f"{said}, soit {weight}{_ratio(turnout.weight_ratio)}"


def _ratio(ratio: Fraction | None) -> str:
    return "" if ratio is None else f" ({percent(ratio)})"


def score_words(found: Round, ranked: Ranked) -> str:
    """« 12 points », « 34,5 % des points », « 3,75 sur 5 »."""
    if ranked.score is None:
        return "aucun point" if found.method == Method.POINTS else "sans note"
    if found.method == Method.CRITERIA:
        return f"{number(ranked.score)} sur 5"
    if found.weighting == Weighting.MEMBER:
        return plural(int(ranked.score), "point")
    return f"{percent(ranked.share or 0)} des points"


def rank_words(ranked: Ranked) -> str:
    """« 2 ex æquo »."""
    if ranked.rank is None:
        return "–"
    return f"{ranked.rank} ex æquo" if ranked.tied else str(ranked.rank)


def line_words(found: Round, line: Line) -> str:
    """« 1. Des arceaux devant les écoles (12 points) »."""
    tied = " ex æquo" if line.ranked.tied else ""
    return f"{line.ranked.rank}{tied}. {line.title} ({score_words(found, line.ranked)})"


def first_words(found: Round, result: Result, most: int) -> list[str]:
    """The first ones of a result."""
    chosen = [line for line in result.lines if line.ranked.rank is not None]
    said = [line_words(found, line) for line in chosen[:most]]
    return said or ["Aucune action n’a été choisie."]

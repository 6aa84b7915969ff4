"""Decisions hardly meant: more votes than voices, a due date that is past. Pure."""

from datetime import date, timedelta

from pooling.committees.decisions.models import Decision
from pooling.committees.people import Counts
from pooling.web.typography import date_long, plural

_FAR = timedelta(days=5 * 365)


def votes_of(decision: Decision) -> int:
    return sum(filter(None, (decision.votes_for, decision.votes_against, decision.votes_abstained)))


def doubts_of_votes(votes: int, counts: Counts, of_what: str) -> list[str]:
    """More votes than voices. Before anybody was ticked as present, those invited are all there is to compare with."""
    ticked = counts.present + counts.absent > 0
    voices = counts.present + counts.represented if ticked else counts.invited
    if votes <= voices:
        return []
    who = ("personne présente ou représentée", "personnes présentes ou représentées")
    if not ticked:
        who = ("personne invitée", "personnes invitées")
    there = plural(voices, *who) if voices else f"aucune {who[0]}"
    return [f"{of_what} : {plural(votes, 'voix', 'voix')} pour {there}."]


def doubts_of_due_date(due_on: date | None, decided_on: date, of_what: str) -> list[str]:
    """What was to be done before it was decided, or when nobody remembers."""
    if due_on is not None and due_on < decided_on:
        return [f"{of_what} : l’échéance, {date_long(due_on)}, précède la réunion, {date_long(decided_on)}."]
    if due_on is not None and due_on > decided_on + _FAR:
        return [f"{of_what} : l’échéance, {date_long(due_on)}, est dans plus de cinq ans."]
    return []

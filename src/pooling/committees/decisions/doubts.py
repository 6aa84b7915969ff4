"""Votes and presence that do not go together. Pure."""

from pooling.committees.decisions.models import Decision
from pooling.committees.people import Counts
from pooling.web.typography import plural


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

"""Decisions in words: what they are called, how the votes went, what they did. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pooling.committees.decisions.models import Decision
from pooling.kernel.events import Event
from pooling.members.acts import Act
from pooling.web.typography import date_long, number, plural, relative_day


def committee_day(local_start: datetime) -> str:
    """`30 mars 2027`."""
    return date_long(local_start.date()).split(" ", maxsplit=1)[1]


def decision_called(place: int, local_start: datetime) -> str:
    """`Décision n° 2 du comité du 30 mars 2027`."""
    return f"Décision n°\u00a0{place} du comité du {committee_day(local_start)}"


def decided_by(place: int, local_start: datetime) -> str:
    """What a purchase says of it: `Décidé par le comité du 30 mars 2027 (décision n° 2)`."""
    return f"Décidé par le comité du {committee_day(local_start)} (décision n°\u00a0{place})"


def decision_excerpt(content: str, longest: int = 120) -> str:
    """The beginning of a decision on one line."""
    line = " ".join(content.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def vote_words(decision: Decision) -> str:
    """`12 voix pour, 1 contre, 3 abstentions`; nothing where nobody voted."""
    said = []
    if decision.votes_for is not None:
        said.append(f"{number(decision.votes_for)}\u00a0pour")
    if decision.votes_against is not None:
        said.append(f"{number(decision.votes_against)}\u00a0contre")
    if decision.votes_abstained is not None:
        said.append(plural(decision.votes_abstained, "abstention"))
    return ", ".join(said)


def due_words(due_on: date, today: date) -> str:
    """`dans 3 jours`, `en retard de 5 jours`."""
    late = (today - due_on).days
    return f"en retard de {plural(late, 'jour')}" if late > 0 else relative_day(due_on, today)


def effect_done(event: Event, acts: Iterable[Act[Any]]) -> str:
    """What an event that a decision caused did, as a sentence about its subject."""
    said = next((act.did[event.name] for act in acts if event.name in act.did), event.name)
    after = event.details.get("after")
    gaps = {**event.details, **(after if isinstance(after, dict) else {})}
    return said.format_map(defaultdict(str, gaps))

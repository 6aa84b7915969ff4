"""What an agenda could take up from what is open in the group. Pure."""

from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pooling.committees.agendas.rules import LONGEST_SAID
from pooling.committees.models import Topic
from pooling.web.typography import plural

SOON_AFTER = timedelta(days=30)
"""A collection that closes so long after the meeting is spoken of there: before the next one it would be over."""


@dataclass(frozen=True)
class OpenCollection:
    """A purchase whose collection is open, with how many of its participants have filed."""

    purchase_id: int
    reference: str
    title: str
    closes_at: datetime
    participants: int
    filed: int


@dataclass(frozen=True)
class OpenMatters:
    """What is open in the group, whatever the committee."""

    collections: Sequence[OpenCollection] = ()
    difficulties: Sequence[tuple[int, str, int | None]] = ()
    """(id, content, purchase) of what members raised and nobody settled."""
    decisions: int = 0
    overdue: int = 0
    """Decisions of earlier committees that are open; how many of them past their date."""


@dataclass(frozen=True)
class Suggestion:
    """An item that the agenda could have."""

    topic: Topic
    title: str
    reason: str = field(compare=False)
    """Why now, in a few words."""
    duration_minutes: int = 10
    purchase_id: int | None = None
    difficulty_id: int | None = None

    @property
    def key(self) -> str:
        """What tells it from the others of one agenda: `closing-12`."""
        about = self.purchase_id if self.difficulty_id is None else self.difficulty_id
        return str(self.topic) if about is None else f"{self.topic}-{about}"


def key_of(topic: str, purchase_id: int | None, difficulty_id: int | None) -> str:
    """The key of the proposal that an item came from; items that somebody typed have one that no proposal has."""
    return Suggestion(Topic(topic), "", "", purchase_id=purchase_id, difficulty_id=difficulty_id).key


def suggest_items(matters: OpenMatters, present: AnyOf[str], starts_at: datetime) -> list[Suggestion]:
    """What the agenda of a meeting at that moment lacks, by the keys of the items it has: follow-up first, then what
    members struggle with, what closes soonest, who is silent.
    """
    found = [*_follow_up(matters), *_difficulties(matters), *_closing(matters, starts_at), *_silent(matters, starts_at)]
    return [proposal for proposal in found if proposal.key not in present]


def _follow_up(matters: OpenMatters) -> list[Suggestion]:
    if not matters.decisions:
        return []
    late = f", dont {matters.overdue} en retard" if matters.overdue else ""
    reason = f"{plural(matters.decisions, 'décision ouverte', 'décisions ouvertes')}{late}"
    return [Suggestion(Topic.FOLLOW_UP, "Suivi des décisions", reason, duration_minutes=15)]


def _difficulties(matters: OpenMatters) -> list[Suggestion]:
    return [
        Suggestion(
            Topic.DIFFICULTY,
            f"Difficulté : {shortened(content, LONGEST_SAID)}",
            "signalée par un membre",
            purchase_id=purchase_id,
            difficulty_id=difficulty_id,
        )
        for difficulty_id, content, purchase_id in matters.difficulties
    ]


def _closing(matters: OpenMatters, starts_at: datetime) -> list[Suggestion]:
    return [
        Suggestion(
            Topic.CLOSING,
            f"Collecte bientôt close : {shortened(collection.title)}",
            f"{plural(collection.filed, 'réponse')} sur {collection.participants}",
            purchase_id=collection.purchase_id,
        )
        for collection in sorted(matters.collections, key=lambda one: one.closes_at)
        if collection.closes_at <= starts_at + SOON_AFTER
    ]


def _silent(matters: OpenMatters, starts_at: datetime) -> list[Suggestion]:
    """Only where they may still answer after the meeting."""
    return [
        Suggestion(
            Topic.SILENT,
            f"Membres sans réponse : {shortened(collection.title)}",
            plural(collection.participants - collection.filed, "membre sans réponse", "membres sans réponse"),
            duration_minutes=5,
            purchase_id=collection.purchase_id,
        )
        for collection in sorted(matters.collections, key=lambda one: one.closes_at)
        if collection.filed < collection.participants and collection.closes_at > starts_at
    ]


def shortened(content: str, longest: int = 100) -> str:
    """The beginning of a text, on one line, up to a whole word where there is one."""
    line = " ".join(content.split())
    if len(line) <= longest:
        return line
    whole, blank, _ = line[:longest].rpartition(" ")
    return (whole if blank else line[: longest - 1]) + "…"

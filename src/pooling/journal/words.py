"""The journal: every event as a French sentence, in the words of the feature that records it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from pooling.committees.decisions.queries import DecidedBy
from pooling.journal.changes import change_of
from pooling.journal.vocabulary import Vocabulary
from pooling.kernel.events import Event
from pooling.members.events import Names

APPLICATION = "L’application"
OUTSIDER = "Une personne extérieure au groupe"
SAME_TIME = timedelta(hours=1)
"""What two clocks and a long transaction may differ by."""


@dataclass(frozen=True)
class EventShown:
    """An event as people read it."""

    id: int
    at: datetime
    recorded_at: datetime
    name: str
    kind: str
    who: str
    sentence: str
    """From the verb on; `who` stands before it."""
    before: str
    after: str
    reason: str
    decided_by: str = ""
    """The committee's decision that caused it."""
    decided_path: str = ""
    """Its page, from the group's address on."""

    @property
    def dated_otherwise(self) -> bool:
        """Whether the database's clock says another time: it was carried over, or somebody wrote what is not so."""
        return abs(self.recorded_at - self.at) > SAME_TIME


def event_shown(
    event: Event, words: Vocabulary, names: Names, causes: Mapping[int, DecidedBy], zone: tzinfo
) -> EventShown:
    """The event in words: who, what, from what to what, why."""
    before, after = change_of(event, words, names, zone)
    cause = causes.get(event.decision_id or 0)
    return EventShown(
        id=event.id,
        at=event.at,
        recorded_at=event.recorded_at,
        name=event.name,
        kind=words.label(event.subject_kind),
        who=_who(event, names),
        sentence=words.sentence(event, names),
        before=before,
        after=after,
        reason=event.reason or "",
        decided_by=cause.words if cause else "",
        decided_path=cause.path if cause else "",
    )


def _who(event: Event, names: Names) -> str:
    if event.person_id is None:
        return APPLICATION
    return names.of("person", event.person_id, OUTSIDER)

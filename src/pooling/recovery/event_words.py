"""What happens to titres and payments, in words for the journal."""

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names
from pooling.recovery.keeping import NOTED, WITHDRAWN
from pooling.recovery.models import EntryKind
from pooling.recovery.words import KINDS
from pooling.web.typography import euros


def _entry(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    """« Titre T-12, 100,00 € »."""
    details = event.details
    said = " ".join(part for part in (KINDS[EntryKind(details["kind"])], details.get("number")) if part)
    return f"{said}, {euros(details['cents'])}" if details.get("cents") else said


EVENTS = EventWords(
    sentences={
        NOTED: "a noté pour {member}, sur {purchase} : {entry}",
        WITHDRAWN: "a retiré pour {member}, sur {purchase} : {entry}",
    },
    gaps={"entry": _entry},
)

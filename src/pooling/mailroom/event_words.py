"""What happens to reminders, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names
from pooling.web.typography import plural

SENTENCES: Mapping[str, str] = {
    "reminders.changed": "a changé les relances « {label} »",
    "reminders.sent_now": "a fait partir sans attendre les relances « {label} » ({count})",
}


def _count(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return plural(event.details.get("people", 0), "personne")


EVENTS = EventWords(
    SENTENCES,
    gaps={"count": _count},
    settings={"reminder_dates": "envoi", "reminder_wording": "mot de l’animation"},
)

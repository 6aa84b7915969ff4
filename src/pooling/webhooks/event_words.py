"""What happens to webhooks, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, named_by
from pooling.webhooks.models import Stopped, Webhook
from pooling.webhooks.words import STOPPED_WORDS

SENTENCES: Mapping[str, str] = {
    "webhook.added": "a ajouté le webhook « {label} »",
    "webhook.changed": "a modifié le webhook « {label} »",
    "webhook.secret_replaced": "a remplacé le secret du webhook « {label} »",
    "webhook.stopped": "a arrêté les envois au webhook « {label} » : {because}",
    "webhook.resumed": "a repris les envois au webhook « {label} »",
    "webhook.removed": "a retiré le webhook « {label} »",
}


def _because(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return STOPPED_WORDS[Stopped(event.details["because"])]


EVENTS = EventWords(
    SENTENCES,
    (Subject("webhook", "Webhooks", otherwise="un webhook", named=named_by(Webhook.id, Webhook.label)),),
    gaps={"because": _because},
)

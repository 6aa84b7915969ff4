"""What happens to purchases run elsewhere, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names

SENTENCES: Mapping[str, str] = {
    "purchase.followed": "suit désormais l’achat {purchase}, mené ailleurs",
    "followup.written": "a mis à jour le suivi de {purchase}",
    "followup.document_added": "a ajouté des documents à {purchase} : {names}",
    "followup.document_removed": "a retiré un document de {purchase} : {names}",
}
WRITTEN = {
    "organiser": "qui mène l’achat",
    "joining": "comment participer",
    "dates": "dates",
    "total_cents": "coût total",
    "costs": "coûts des membres",
}


def _names(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return ", ".join(f"« {name} »" for name in event.details.get("names", ()))


EVENTS = EventWords(SENTENCES, gaps={"names": _names}, settings=WRITTEN)

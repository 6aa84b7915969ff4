"""What is said of receipts, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, each_differing

SENTENCES: Mapping[str, str] = {
    "receipt.noted": "a noté ce qui est arrivé{where} de la commande {order}",
    "receipt.listed": "a noté par fichier ({list}) ce qui est arrivé de la commande {order} : {lines}",
    "receipt.corrected": "a corrigé une réception{where} de la commande {order}",
    "receipt.withdrawn": "a retiré une réception de la commande {order}",
    "order.completed": "a déclaré complète la commande {order}",
    "order.reopened": "attend de nouveau ce qui manque de la commande {order}",
}


def _where(event: Event, names: Names) -> str:
    member = names.of("member", event.details.get("member_id"))
    return f" pour {member}" if member else ""


def _differing(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, str)


EVENTS = EventWords(
    SENTENCES,
    gaps={"where": _where},
    changes=dict.fromkeys(("receipt.noted", "receipt.corrected", "receipt.withdrawn"), _differing),
)

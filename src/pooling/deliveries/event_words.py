"""What is said of deliveries, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, each_differing

SENTENCES: Mapping[str, str] = {
    "delivery.wished": "a dit où {member} souhaite être livré, pour {purchase}",
    "delivery.split": "a réparti entre ses sites ce qui est attribué à {member}, pour {purchase}",
    "sites.brought": "a donné à {member} les sites de livraison de ceux qu’il remplace : {sites}",
}


def _sites(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return ", ".join(f"« {name} »" for name in event.details.get("sites", ()))


def _differing(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, str)


EVENTS = EventWords(
    SENTENCES,
    gaps={"sites": _sites},
    changes={"delivery.wished": _differing, "delivery.split": _differing},
)

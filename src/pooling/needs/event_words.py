"""What happens to collections, declarations and consolidations, in words for the journal."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, each_differing
from pooling.needs.models import DECLARATION
from pooling.needs.words import wanted_words
from pooling.web.typography import plural

SENTENCES: Mapping[str, str] = {
    "purchase.open": "a ouvert la collecte de {purchase}{ended}",
    "purchase.closed": "a clos la collecte de {purchase}",
    "purchase.cancelled": "a annulé l’achat {purchase}",
    "declaration.filed": "a déposé la déclaration {of_member} pour {purchase}{no_need}",
    "declaration.filed_for": "a déposé la déclaration {of_member} pour {purchase}{no_need}, à la demande de {caller}",
    "declaration.no_need_withdrawn": "a retiré la réponse « pas de besoin » {of_member} pour {purchase}",
    "needs.imported": "a importé des besoins pour {purchase} ({count})",
    "collection.extended": "a changé la date de clôture de la collecte de {purchase}",
    "collection.reminded": "a relancé les membres sans réponse de {purchase} ({reminders})",
    "collection.member_reminded": "a relancé les référents {of_member} pour {purchase} ({reminders})",
    "declaration.amended": "a modifié, après la clôture, la déclaration {of_member} pour {purchase}",
    "consolidation.frozen": "a figé la consolidation n° {number} de {purchase}",
    "consolidation.amended": "a figé de nouveau la consolidation de {purchase}, sous le n° {number}",
    "consolidation.adjusted": "a ajusté ce qui est attribué dans {purchase}, sous le n° {number}",
}

SUBJECTS = (
    Subject(
        "declaration",
        "Déclarations",
        states=DECLARATION.words,
    ),
)


def _ended(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    number = event.details.get("ended_consolidation")
    return f" ; la consolidation n° {number} ne compte plus" if number else ""


def _no_need(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return " (pas de besoin)" if event.details.get("no_need") else ""


def _count(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return plural(event.details.get("lines", 0), "ligne")


def _reminders(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return plural(event.details.get("reminders", 0), "relance")


def _amended(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, _line)


def _adjusted(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, str)


def _line(recorded: object) -> object:
    """With its tolerance; amendments from before tolerances were recorded hold a number."""
    return wanted_words(recorded["quantity"], recorded["up_to"]) if isinstance(recorded, dict) else recorded


EVENTS = EventWords(
    SENTENCES,
    SUBJECTS,
    gaps={"ended": _ended, "no_need": _no_need, "count": _count, "reminders": _reminders},
    changes={"declaration.amended": _amended, "consolidation.adjusted": _adjusted},
)

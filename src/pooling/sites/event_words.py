"""What happens to the sites of members, in words for the journal. Who receives there is not written down."""

from collections.abc import Mapping

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names

SENTENCES: Mapping[str, str] = {
    "site.added": "a ajouté le site de livraison « {site} » {of_member}",
    "site.corrected": "a corrigé le site de livraison « {site} » {of_member}",
    "site.archived": "a archivé le site de livraison « {site} » {of_member}{main}",
}
WORDS: Mapping[str, str] = {
    "name": "nom",
    "street": "rue",
    "postcode": "code postal",
    "city": "commune",
    "opening_hours": "horaires",
    "main": "site principal",
}


def _main(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    main = event.details.get("main")
    return f" ; le site principal est « {main} »" if main else ""


def _corrected(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return _facts(event.details.get("before")), _facts(event.details.get("after"))


def _facts(side: object) -> str:
    if not isinstance(side, dict):
        return ""
    return " ; ".join(f"{word} : {side[fact] or '–'}" for fact, word in WORDS.items() if fact in side)


EVENTS = EventWords(SENTENCES, gaps={"main": _main}, changes={"site.corrected": _corrected})

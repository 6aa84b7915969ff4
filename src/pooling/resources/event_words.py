"""What happens to resources and lendings, in words for the journal."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, each_differing, named_by
from pooling.resources.models import LENDING, RESOURCE, Lending, Resource
from pooling.resources.rules import week_words
from pooling.resources.words import KIND_WORDS, price_words
from pooling.web.typography import date_short

SENTENCES: Mapping[str, str] = {
    "resource.offered": "a proposé la ressource {resource}",
    "resource.changed": "a modifié la ressource {resource}",
    "resource.withdrawn": "a retiré la ressource {resource}",
    "lending.asked": "a demandé {resource} pour {member}",
    "lending.agreed": "a accordé {resource} à {member}",
    "lending.refused": "a refusé {resource} à {member}",
    "lending.withdrawn": "a retiré la demande {of_member} sur {resource}",
    "lending.ended": "a interrompu l’accord sur {resource} pour {member}, qui compte jusqu’au {day}",
    "lending.use_noted": "a noté ce qui a servi à {member} de {resource}",
}
_WORDS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "title": ("nom", str),
    "kind": ("sorte", lambda kind: KIND_WORDS[kind]),
    "quantity": ("nombre", str),
    "days": ("jours", week_words),
    "price_cents": ("prix", price_words),
    "conditions": ("conditions", str),
    "from_day": ("premier jour", lambda day: date_short(date.fromisoformat(day))),
    "until_day": ("dernier jour", lambda day: date_short(date.fromisoformat(day)) if day else "–"),
    "site": ("site", str),
}


def _day(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return date_short(date.fromisoformat(event.details["on"]))


def _changed(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return _facts(event.details.get("before")), _facts(event.details.get("after"))


def _facts(side: object) -> str:
    if not isinstance(side, dict):
        return ""
    return " ; ".join(f"{word} : {said(side[fact])}" for fact, (word, said) in _WORDS.items() if fact in side)


def _used(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return each_differing(event, lambda used: "pas noté" if used is None else used)


EVENTS = EventWords(
    SENTENCES,
    (
        Subject(
            "resource",
            "Ressources partagées",
            otherwise="une ressource",
            keys=("resource_id",),
            states=RESOURCE.words,
            named=named_by(Resource.id, Resource.title, said="« {} »"),
        ),
        Subject(
            "lending",
            "Demandes de ressources",
            otherwise="une demande de ressource",
            states=LENDING.words,
            named=named_by(Lending.id, Lending.id, said="la demande de ressource n° {}"),
        ),
    ),
    gaps={"day": _day},
    changes={"resource.changed": _changed, "lending.use_noted": _used},
)

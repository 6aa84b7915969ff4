"""What happens to answers, in words for the journal."""

from collections.abc import Mapping

from pooling.answers.words import in_words
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names

SENTENCES: Mapping[str, str] = {
    "declaration.answered": "a répondu pour {member} sur {purchase} : {answer}",
    "declaration.answered_for": "a répondu pour {member} sur {purchase}, à la demande de {caller} : {answer}",
}


def _answer(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return in_words(event.details.get("takes_part"), event.details.get("agents"))


EVENTS = EventWords(SENTENCES, gaps={"answer": _answer})

"""What happens to the terms of actions, in words for the journal."""

from collections.abc import Mapping

from pooling.members.events import EventWords

SENTENCES: Mapping[str, str] = {
    "action.terms_written": "a écrit les modalités de l’action {action}",
    "action.answered": "a répondu pour {member} aux modalités de l’action {action}",
    "action.answer_files_added": "a joint {documents} à la réponse de {member} sur l’action {action}",
    "action.answer_file_removed": "a retiré {documents} de la réponse de {member} sur l’action {action}",
    "action.purchase_begun": "a préparé l’achat {purchase} d’après les modalités de l’action {action}",
}
EVENTS = EventWords(SENTENCES)

"""What happens to actions, in words for the journal."""

from collections.abc import Mapping

from pooling.actions.models import Action
from pooling.actions.rules import ACTION
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, named_by

SENTENCES: Mapping[str, str] = {
    "action.proposed": "a proposé l’action {action}",
    "action.written": "a modifié la fiche de l’action {action}",
    "action.reopened": "a remis parmi les propositions l’action {action}",
    "action.prioritised": "a dit priorisée l’action {action}",
    "action.agreed": "a dit convenue l’action {action}",
    "action.under_way": "a lancé l’action {action}",
    "action.done": "a terminé l’action {action}",
    "action.set_aside": "a écarté l’action {action}",
    "action.files_added": "a joint {documents} à l’action {action}",
    "partner.added": "a ajouté le partenaire {name}",
    "partner.changed": "a corrigé ce qu’est le partenaire {name}",
    "partner.removed": "a retiré le partenaire {name}",
    "action.file_removed": "a retiré {documents} de l’action {action}",
}
SETTINGS: Mapping[str, str] = {
    "title": "titre",
    "system": "catalogue",
    "lead_member": "pilote",
    "content": "contenu",
    "resources": "moyens existants",
    "levers": "leviers de financement",
    "indicators": "indicateurs",
    "vigilance": "points de vigilance",
    "starts_on": "début",
    "ends_on": "fin",
    "factors": "freins et opportunités",
    "phases": "calendrier",
    "partners": "partenaires",
}


def _documents(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return ", ".join(f"« {name} »" for name in event.details.get("names", ()))


EVENTS = EventWords(
    SENTENCES,
    (
        Subject(
            "action",
            "Actions",
            otherwise="une action",
            keys=("action_id",),
            states=ACTION.words,
            named=named_by(Action.id, Action.title, Action.reference, said="« {} » ({})"),
        ),
        Subject("partner", "Partenaires", otherwise="un partenaire", keys=("partner_id",)),
    ),
    gaps={"documents": _documents},
    settings=SETTINGS,
)

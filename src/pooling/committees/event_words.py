"""What happens to committees, their decisions and difficulties, in words for the journal."""

from collections.abc import Mapping

from pooling.committees.agendas.rules import DIFFICULTY
from pooling.committees.decisions.rules import DECISION
from pooling.committees.models import Committee
from pooling.committees.rules import COMMITTEE
from pooling.committees.words import ANSWER_WORDS
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, day_in_words, named_by
from pooling.web.typography import plural

SENTENCES: Mapping[str, str] = {
    "committee.scheduled": "a programmé {committee}",
    "committee.moved": "a déplacé {committee}",
    "committee.planned": "a remis au calendrier {committee}",
    "committee.convened": "a convoqué {committee}",
    "committee.held": "a noté que {committee} s’est tenu",
    "committee.minuted": "a publié le compte-rendu de {committee}",
    "committee.cancelled": "a annulé {committee}",
    "committee.people_invited": "a invité des personnes à {committee} ({count})",
    "committee.person_uninvited": "a retiré {person} des invités de {committee}",
    "committee.answered": "a répondu à l’invitation à {committee}",
    "committee.answer_noted": "a noté la réponse de {person} à l’invitation à {committee}",
    "committee.guest_noted": "a noté qu’une personne est venue à {committee} sans être invitée",
    "committee.guest_removed": "a retiré une personne notée par erreur comme venue à {committee}",
    "committee.attendance_ticked": "a noté la présence de personnes à {committee}",
    "committee.agenda_written": "a écrit l’ordre du jour de {committee}",
    "committee.agenda_item_added": "a ajouté « {title} » à l’ordre du jour de {committee}",
    "committee.agenda_item_changed": "a modifié « {title} » dans l’ordre du jour de {committee}",
    "committee.agenda_item_moved": "a déplacé « {title} » dans l’ordre du jour de {committee}",
    "committee.agenda_item_removed": "a retiré « {title} » de l’ordre du jour de {committee}",
    "committee.agenda_taken_up": "a repris ce qui est ouvert dans l’ordre du jour de {committee}",
    "committee.files_added": "a joint à {committee} {files}",
    "committee.file_removed": "a retiré de {committee} {files}",
    "difficulty.raised": "a signalé la difficulté « {content} »",
    "difficulty.settled": "a réglé la difficulté « {content} »",
    "committee.minutes_written": "a écrit le compte-rendu de {committee}",
    "committee.secretary_named": "a changé le secrétariat de {committee}",
    "decision.recorded": "a consigné {decision}",
    "decision.changed": "a corrigé {decision}",
    "decision.removed": "a retiré {decision}",
    "decision.applied": "a appliqué {decision}",
    "decision.done": "a noté comme faite {decision}",
    "decision.dropped": "a abandonné {decision}",
    "decision.reopened": "a remis à suivre {decision}",
    "decision.rescheduled": "a changé l’échéance de {decision}",
    "decision.handed_over": "a confié {decision} à {person}",
}

UNNAMED = "« Comité »"
SUBJECTS = (
    Subject(
        "committee",
        "Comités",
        otherwise=UNNAMED,
        keys=("committee_id",),
        states={**COMMITTEE.words, **ANSWER_WORDS},  # answers to its invitations are told as its changes
        named=named_by(Committee.id, Committee.title, said="« {} »"),
    ),
    Subject("decision", "Décisions des comités", states=DECISION.words),
    Subject(
        "difficulty",
        "Difficultés",
        states=DIFFICULTY.words,
    ),
)


def _decision(event: Event, names: Names) -> str:
    committee = names.of("committee", event.details.get("committee_id"), UNNAMED)
    return f"la décision n° {event.details.get('number', '')} de {committee}"


def _count(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return plural(len(event.details.get("added", ())), "personne")


def _files(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return ", ".join(f"« {name} »" for name in event.details.get("names", ()))


def _due(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return day_in_words(event.details.get("from_day")), day_in_words(event.details.get("to_day"))


EVENTS = EventWords(
    SENTENCES,
    SUBJECTS,
    gaps={"decision": _decision, "count": _count, "files": _files},
    changes={"decision.rescheduled": _due},
)

"""The journal: every kind of event as a French sentence. One table says them all; a test holds it complete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from pooling.journal.changes import FIELDS, Names, change_of, content_label
from pooling.kernel.events import Event
from pooling.members.models import Role
from pooling.members.words import ROLE_WORDS
from pooling.web.typography import plural

SENTENCES: Mapping[str, str] = {
    "group.created": "a créé le groupe",
    "group.renamed": "a renommé le groupe",
    "group.settings_changed": "a changé les réglages du groupe",
    "group.archived": "a archivé le groupe",
    "group.reopened": "a rouvert le groupe",
    "reminders.changed": "a changé les relances {label}",
    "reminders.sent_now": "a fait partir sans attendre les relances {label} ({count})",
    "member.added": "a ajouté le membre {member}",
    "role.granted": "a donné à {person} le rôle {role}",
    "role.ended": "a retiré à {person} le rôle {role}",
    "role.changed": "a changé le rôle de {person}",
    "person.signed_out": "a déconnecté {person} de tous ses navigateurs",
    "person.corrected": "a corrigé la fiche de {person} ({fields})",
    "token.created": "a créé le jeton {token} pour {person}",
    "token.revoked": "a révoqué le jeton {token} de {person}",
    "calendar_feed.created": "a créé une adresse d’abonnement à son agenda",
    "calendar_feed.revoked": "a supprimé une adresse d’abonnement à son agenda",
    "access.asked": "a demandé un accès pour {request}",
    "access.granted": "a accepté la demande d’accès de {request}",
    "access.refused": "a refusé la demande d’accès de {request}",
    "purchase.prepared": "a préparé l’achat {purchase}",
    "purchase.items_changed": "a changé les articles de {purchase}",
    "purchase.terms_changed": "a changé les conditions de {purchase}",
    "purchase.draft": "a remis en préparation l’achat {purchase}",
    "purchase.open": "a ouvert la collecte des besoins de {purchase}{ended}",
    "purchase.closed": "a clos la collecte des besoins de {purchase}",
    "purchase.ordered": "a enregistré la commande de {purchase}",
    "purchase.delivered": "a constaté la livraison de {purchase}",
    "purchase.settled": "a soldé l’achat {purchase}",
    "purchase.cancelled": "a annulé l’achat {purchase}",
    "declaration.filed": "a déposé la déclaration de {member} pour {purchase}",
    "needs.imported": "a importé des besoins pour {purchase} ({count})",
    "collection.extended": "a changé la date de clôture de la collecte de {purchase}",
    "declaration.amended": "a modifié, après la clôture, la déclaration de {member} pour {purchase}",
    "charge.added": "a ajouté à {purchase} les frais {label}",
    "charge.changed": "a modifié les frais {label} de {purchase}",
    "charge.removed": "a retiré de {purchase} les frais {label}",
    "subsidy.added": "a ajouté à {purchase} la subvention {label}",
    "subsidy.changed": "a modifié la subvention {label} de {purchase}",
    "subsidy.removed": "a retiré de {purchase} la subvention {label}",
    "weights.given": "a changé les poids propres des participants à {purchase}",
    "consolidation.frozen": "a figé la consolidation n° {number} de {purchase}",
    "consolidation.amended": "a figé de nouveau la consolidation de {purchase}, sous le n° {number}",
    "allocation.frozen": "a figé l’état de répartition n° {number} de {purchase}",
    "committee.scheduled": "a programmé {committee}",
    "committee.moved": "a déplacé {committee}",
    "committee.planned": "a remis au calendrier {committee}",
    "committee.convened": "a convoqué {committee}",
    "committee.held": "a noté que {committee} s’est tenu",
    "committee.minuted": "a publié le compte-rendu de {committee}",
    "committee.cancelled": "a annulé {committee}",
    "committee.people_invited": "a invité des personnes à {committee} ({count})",
    "committee.person_uninvited": "a retiré {other} des invités de {committee}",
    "committee.answered": "a répondu à l’invitation à {committee}",
    "committee.answer_noted": "a noté la réponse de {other} à l’invitation à {committee}",
    "committee.guest_noted": "a noté qu’une personne est venue à {committee} sans être invitée",
    "committee.guest_removed": "a retiré une personne notée par erreur comme venue à {committee}",
    "committee.attendance_ticked": "a noté la présence de personnes à {committee}",
    "committee.agenda_written": "a écrit l’ordre du jour de {committee}",
    "committee.agenda_item_added": "a ajouté {title} à l’ordre du jour de {committee}",
    "committee.agenda_item_changed": "a modifié {title} dans l’ordre du jour de {committee}",
    "committee.agenda_item_moved": "a déplacé {title} dans l’ordre du jour de {committee}",
    "committee.agenda_item_removed": "a retiré {title} de l’ordre du jour de {committee}",
    "committee.agenda_taken_up": "a repris ce qui est ouvert dans l’ordre du jour de {committee}",
    "committee.files_added": "a joint à {committee} {files}",
    "committee.file_removed": "a retiré de {committee} {files}",
    "difficulty.raised": "a signalé la difficulté {content}",
    "difficulty.settled": "a réglé la difficulté {content}",
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
    "decision.handed_over": "a confié {decision} à {other}",
}

KINDS: Mapping[str, str] = {
    "purchase": "Achats",
    "declaration": "Déclarations",
    "committee": "Comités",
    "decision": "Décisions des comités",
    "difficulty": "Difficultés",
    "person": "Personnes et rôles",
    "access_request": "Demandes d’accès",
    "member": "Membres",
    "group": "Groupe",
}
"""What an event is about, to choose from."""

APPLICATION = "L’application"
OUTSIDER = "Une personne extérieure au groupe"
GONE = "une personne partie"
SAME_TIME = timedelta(hours=1)
"""What two clocks and a long transaction may differ by."""


@dataclass(frozen=True)
class EventShown:
    """An event as people read it."""

    id: int
    at: datetime
    recorded_at: datetime
    name: str
    kind: str
    who: str
    sentence: str
    """From the verb on; `who` stands before it."""
    before: str
    after: str
    reason: str
    decided_by: str = ""
    """The committee's decision that caused it."""
    decided_path: str = ""
    """Its page, from the group's address on."""

    @property
    def dated_otherwise(self) -> bool:
        """Whether the database's clock says another time: it was carried over, or somebody wrote what is not so."""
        return abs(self.recorded_at - self.at) > SAME_TIME


def show(event: Event, names: Names, zone: tzinfo) -> EventShown:
    """The event in words: who, what, from what to what, why."""
    before, after = change_of(event, names, zone)
    sentence = SENTENCES.get(event.name, f"a fait « {event.name} »")
    cause = names.decisions.get(event.decision_id or 0)
    return EventShown(
        id=event.id,
        at=event.at,
        recorded_at=event.recorded_at,
        name=event.name,
        kind=KINDS.get(event.subject_kind, event.subject_kind),
        who=_who(event, names),
        sentence=sentence.format_map(_Words(event, names)),
        before=before,
        after=after,
        reason=event.reason or "",
        decided_by=cause.words if cause else "",
        decided_path=cause.path if cause else "",
    )


def _who(event: Event, names: Names) -> str:
    if event.person_id is None:
        return APPLICATION
    return names.people.get(event.person_id, OUTSIDER)


class _Words(dict[str, str]):
    """What a sentence's gaps are filled with, looked up only when it has them."""

    def __init__(self, event: Event, names: Names) -> None:
        super().__init__()
        self._event = event
        self._names = names

    def __missing__(self, gap: str) -> str:
        return _GAPS[gap](self._event, self._names)


def _subject_or(event: Event, kind: str, key: str) -> int:
    """The id of a thing that an event is about, or names in its details."""
    found = event.subject_id if event.subject_kind == kind else event.details.get(key)
    return found if isinstance(found, int) else 0


def _role(event: Event, names: Names) -> str:
    word = ROLE_WORDS[Role(event.details["role"])]
    member = names.members.get(event.details.get("member_id") or 0, "")
    purchase = names.purchases.get(event.details.get("purchase_id") or 0, "")
    return f"« {word} »" + (f" pour {member or purchase}" if member or purchase else "")


def _committee(event: Event, names: Names) -> str:
    return f"« {names.committees.get(_subject_or(event, 'committee', 'committee_id'), 'Comité')} »"


def _count(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    added, people = event.details.get("added"), event.details.get("people")
    if isinstance(people, int):
        return plural(people, "personne")
    return plural(len(added), "personne") if isinstance(added, list) else plural(event.details.get("lines", 0), "ligne")


def _ended(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    number = event.details.get("ended_consolidation")
    return f" ; la consolidation n° {number} ne compte plus" if number else ""


_GAPS: Mapping[str, Callable[[Event, Names], str]] = {
    "person": lambda event, names: names.people.get(event.subject_id, GONE),
    "other": lambda event, names: names.people.get(_subject_or(event, "person", "person_id"), GONE),
    "member": lambda event, names: names.members.get(_subject_or(event, "member", "member_id"), "un membre"),
    "purchase": lambda event, names: names.purchases.get(_subject_or(event, "purchase", "purchase_id"), "un achat"),
    "committee": _committee,
    "decision": lambda event, names: f"la décision n° {event.details.get('number', '')} de {_committee(event, names)}",
    "request": lambda event, names: names.requests.get(event.subject_id, "une personne"),
    "role": _role,
    "label": lambda event, _: f"« {event.details.get('label') or content_label(event)} »",
    "token": lambda event, _: f"« {event.details.get('name', '')} »",
    "fields": lambda event, _: ", ".join(FIELDS.get(name, name) for name in event.details.get("fields", ())),
    "number": lambda event, _: str(event.details.get("number", "")),
    "count": _count,
    "ended": _ended,
    "title": lambda event, _: f"« {event.details.get('title', '')} »",
    "content": lambda event, _: f"« {event.details.get('content', '')} »",
    "files": lambda event, _: ", ".join(f"« {name} »" for name in event.details.get("names", ())),
}

"""What happens to the group, its members and people, in words for the journal."""

from collections.abc import Mapping
from datetime import date

from pooling.accounts.models import Person
from pooling.kernel.events import Event
from pooling.members.events import EventWords, Names, Subject, named_by
from pooling.members.models import ACCESS_REQUEST, AccessRequest, Member, Role
from pooling.members.words import ROLE_WORDS
from pooling.web.typography import date_short

SENTENCES: Mapping[str, str] = {
    "group.created": "a créé le groupe",
    "group.renamed": "a renommé le groupe",
    "group.settings_changed": "a changé les réglages du groupe",
    "group.archived": "a archivé le groupe",
    "group.reopened": "a rouvert le groupe",
    "member.added": "a ajouté le membre {member}",
    "member.corrected": "a corrigé la fiche de {member}",
    "member.retired": "a retiré {member} du groupe{on}",
    "member.merged": "a fait de {former} le membre {becomes}",
    "member.formed": "a réuni {former} en {member}",
    "member.taken_back": "a repris {member} dans le groupe",
    "role.granted": "a donné à {person} le rôle {role}",
    "role.ended": "a retiré à {person} le rôle {role}",
    "role.changed": "a changé le rôle de {person}",
    "person.signed_out": "a déconnecté {person} de tous ses navigateurs",
    "person.corrected": "a corrigé la fiche de {person} ({fields})",
    "person.address_corrected": "a corrigé l’adresse électronique de {person}",
    "person.address_proposed": "a proposé à {person} de changer d’adresse électronique",
    "person.address_changed": "a changé son adresse électronique",
    "token.created": "a créé le jeton « {name} » pour {person}",
    "token.revoked": "a révoqué le jeton « {name} » de {person}",
    "access.asked": "a demandé un accès pour {access_request}",
    "access.granted": "a accepté la demande d’accès de {access_request}",
    "access.refused": "a refusé la demande d’accès de {access_request}",
    "doubts.overruled": "a insisté, malgré un avertissement{about} : {doubts}",
}

SETTINGS: Mapping[str, str] = {
    "name": "nom",
    "function": "fonction",
    "phone": "téléphone",
    "timezone": "heure locale",
    "second_factor_required": "second facteur demandé",
    "lines_visible_to_all": "détail visible de tous les membres",
    "committee_every_months": "mois entre deux comités",
    "quorum_percent": "quorum en pourcentage",
    "school_zone": "zone de vacances scolaires",
}
SUBJECTS = (
    Subject(
        "person",
        "Personnes et rôles",
        otherwise="une personne partie",
        keys=("person_id",),
        states=ROLE_WORDS,
        named=named_by(Person.id, Person.name),
    ),
    Subject(
        "access_request",
        "Demandes d’accès",
        otherwise="une personne",
        states=ACCESS_REQUEST.words,
        named=named_by(AccessRequest.id, AccessRequest.name),
    ),
    Subject(
        "member",
        "Membres",
        otherwise="un membre",
        keys=("member_id", "former_member_id"),
        named=named_by(Member.id, Member.name),
    ),
    Subject("group", "Groupe"),
)


def _role(event: Event, names: Names) -> str:
    details = event.details
    of = names.of("member", details.get("member_id")) or names.of("purchase", details.get("purchase_id"))
    return f"« {ROLE_WORDS[Role(details['role'])]} »" + (f" pour {of}" if of else "")


def _about(event: Event, names: Names) -> str:
    """Of whatever feature: a committee, a purchase."""
    kind = event.subject_kind
    called = names.of(kind, event.subject_id) or names.of("committee", event.details.get("committee_id"))
    return f", pour {called}" if called else ""


def _doubts(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return " ".join(event.details.get("doubts", ()))


def _fields(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    return ", ".join(SETTINGS.get(name, name) for name in event.details.get("fields", ()))


def _changed_role(event: Event, names: Names) -> tuple[str, str]:
    return _held(event, names, event.from_state, "former_member_id"), _held(event, names, event.to_state, "member_id")


def _held(event: Event, names: Names, role: str | None, key: str) -> str:
    word, member = ROLE_WORDS[Role(role)] if role else "", names.of("member", event.details.get(key))
    return f"{word} – {member}" if member else word


FACT_WORDS: Mapping[str, str] = {
    "name": "nom",
    "category": "type",
    "insee": "code INSEE",
    "population": "population",
    "population_year": "année de la population",
    "agents": "effectif",
}


def _corrected(event: Event, names: Names) -> tuple[str, str]:  # noqa: ARG001 - as the others
    return _facts(event.details.get("before")), _facts(event.details.get("after"))


def _facts(side: object) -> str:
    if not isinstance(side, dict):
        return ""
    known = {word: side[fact] for fact, word in FACT_WORDS.items() if fact in side}
    return " ; ".join(f"{word} : {'–' if value in (None, '') else value}" for word, value in known.items())


def _on(event: Event, names: Names) -> str:  # noqa: ARG001 - as the other gaps
    try:
        return f", depuis le {date_short(date.fromisoformat(str(event.details.get('on'))))}"
    except ValueError:
        return ""


EVENTS = EventWords(
    SENTENCES,
    SUBJECTS,
    gaps={"about": _about, "doubts": _doubts, "on": _on, "role": _role, "fields": _fields},
    changes={"role.changed": _changed_role, "member.corrected": _corrected},
    settings=SETTINGS,
)

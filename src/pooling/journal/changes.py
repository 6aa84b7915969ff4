"""From what to what: the two sides of an event, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any

from pooling.committees.agendas.rules import DIFFICULTY
from pooling.committees.decisions.queries import DecidedBy
from pooling.committees.decisions.rules import DECISION
from pooling.committees.rules import COMMITTEE
from pooling.committees.words import ANSWER_WORDS
from pooling.kernel.events import Event
from pooling.kernel.states import StateMachine
from pooling.members.models import ACCESS_REQUEST
from pooling.members.words import ROLE_WORDS
from pooling.needs.models import DECLARATION
from pooling.needs.wording import wanted
from pooling.purchases.rules import PURCHASE
from pooling.web.typography import date_short, euros, time_short

_MACHINES: tuple[StateMachine[Any], ...] = (PURCHASE, DECLARATION, COMMITTEE, DECISION, DIFFICULTY, ACCESS_REQUEST)
_STATES: Mapping[str, Mapping[Any, str]] = {
    **{machine.noun: machine.words for machine in _MACHINES},
    "committee": {**COMMITTEE.words, **ANSWER_WORDS},  # answers to its invitations are told as its changes
    "person": ROLE_WORDS,
}
FIELDS = {
    "name": "nom",
    "function": "fonction",
    "phone": "téléphone",
    "timezone": "heure locale",
    "second_factor_required": "second facteur demandé",
    "reminder_dates": "envoi",
    "reminder_wording": "mot de l’animation",
    "lines_visible_to_all": "détail visible de tous les membres",
    "committee_every_months": "mois entre deux comités",
    "quorum_percent": "quorum en pourcentage",
    "school_zone": "zone de vacances scolaires",
}


@dataclass(frozen=True)
class Names:
    """What the ids in events are called now."""

    people: Mapping[int, str] = field(default_factory=dict)
    members: Mapping[int, str] = field(default_factory=dict)
    purchases: Mapping[int, str] = field(default_factory=dict)
    committees: Mapping[int, str] = field(default_factory=dict)
    requests: Mapping[int, str] = field(default_factory=dict)
    decisions: Mapping[int, DecidedBy] = field(default_factory=dict)


def change_of(event: Event, names: Names, zone: tzinfo) -> tuple[str, str]:
    """What was, and what is; nothing on a side where there is nothing to say."""
    details = event.details
    changed = details.get("changed")
    if isinstance(changed, dict):
        return _settings(changed, 0), _settings(changed, 1)
    if {"before", "after"} <= details.keys():
        return _content(details["before"], details["after"]), _content(details["after"], details["before"])
    if event.name in {"purchase.terms_changed", "decision.rescheduled"}:
        return _terms(details, names, "former_member_id", "from_day"), _terms(details, names, "member_id", "to_day")
    if {"from", "to"} <= details.keys():
        return _moment(details["from"], zone), _moment(details["to"], zone)
    words = _STATES.get(event.subject_kind, {})
    before, after = (words.get(state, state) if state else "" for state in (event.from_state, event.to_state))
    if event.name == "role.changed":
        members = [names.members.get(details.get(key) or 0, "") for key in ("former_member_id", "member_id")]
        return _of(before, members[0]), _of(after, members[1])
    return before, after


def _settings(changed: Mapping[str, Any], side: int) -> str:
    return " ; ".join(f"{FIELDS.get(name, name)} : {_said(values[side])}" for name, values in changed.items())


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "aucun" if value in (None, "") else f"« {value} »"


def _of(word: str, what: str) -> str:
    return f"{word} – {what}" if what else word


def _content(side: object, other: object) -> str:
    """A charge or subsidy by its name and amount; quantities or weights by their code, where they differ."""
    if not isinstance(side, dict):
        return ""
    if isinstance(side.get("label"), str):
        amount = side.get("amount_cents")
        return f"{side['label']}, {euros(amount)}" if isinstance(amount, int) else str(side["label"])
    others = other if isinstance(other, dict) else {}
    return " ; ".join(f"{code} : {_units(value)}" for code, value in side.items() if others.get(code) != value)


def _units(value: object) -> object:
    """A declared line with its tolerance; weights, and amendments from before tolerances were recorded, as they are."""
    return wanted(value["quantity"], value["up_to"]) if isinstance(value, dict) else value


def content_label(event: Event) -> str:
    """What a charge or a subsidy is called, or was."""
    for side in ("after", "before"):
        content = event.details.get(side)
        if isinstance(content, dict) and "label" in content:
            return str(content["label"])
    return str(event.details.get("code", ""))


def _terms(details: Mapping[str, Any], names: Names, member: str, day: str) -> str:
    """Who leads, and the day that was to be, where they changed."""
    said = [f"pilote : {names.members.get(details[member], 'un membre')}"] if details.get(member) else []
    if details.get(day):
        said.append(f"pour le {_day(details[day])}")
    return " ; ".join(said)


def _day(written: object) -> str:
    try:
        return date_short(date.fromisoformat(str(written)))
    except ValueError:
        return ""


def _moment(written: object, zone: tzinfo) -> str:
    """An instant in the zone; a local time stays as it is."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return f"{date_short(aware.astimezone(zone).date())} {time_short(aware, zone)}"

"""From what to what: the two sides of an event, in words."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from pooling.journal.vocabulary import Vocabulary
from pooling.kernel.events import Event
from pooling.members.events import Names
from pooling.web.typography import date_short, time_short


def change_of(event: Event, words: Vocabulary, names: Names, zone: tzinfo) -> tuple[str, str]:
    """What was, and what is; nothing on a side where there is nothing to say."""
    if event.name in words.changes:
        return words.changes[event.name](event, names)
    details = event.details
    changed = details.get("changed")
    if isinstance(changed, dict):
        return _settings(changed, 0, words.settings), _settings(changed, 1, words.settings)
    if {"from", "to"} <= details.keys():
        return _moment(details["from"], zone), _moment(details["to"], zone)
    subject = words.subjects.get(event.subject_kind)
    states = subject.states if subject else {}
    before, after = (states.get(state, state) if state else "" for state in (event.from_state, event.to_state))
    return before, after


def _settings(changed: Mapping[str, Any], side: int, called: Mapping[str, str]) -> str:
    return " ; ".join(f"{called.get(name, name)} : {_said(values[side])}" for name, values in changed.items())


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "aucun" if value in (None, "") else f"« {value} »"


def _moment(written: object, zone: tzinfo) -> str:
    """An instant in the zone; a local time stays as it is."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return f"{date_short(aware.astimezone(zone).date())} {time_short(aware, zone)}"

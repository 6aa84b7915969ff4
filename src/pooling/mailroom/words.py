"""Reminders in French: when they leave, what became of them."""

from collections.abc import Mapping, Sequence
from datetime import time

from pooling.mailroom.occasions import OccasionState
from pooling.reminders.configuration import Schedule
from pooling.reminders.kinds import Kind
from pooling.web.typography import NBSP, plural

STATES: Mapping[OccasionState, tuple[str, str]] = {
    OccasionState.PLANNED: ("waiting", "À envoyer"),
    OccasionState.WAITING: ("waiting", "En cours d’envoi"),
    OccasionState.SENT: ("done", "Partie"),
    OccasionState.FAILED: ("overdue", "En échec"),
    OccasionState.MISSED: ("closed", "Manquée"),
    OccasionState.DROPPED: ("cancelled", "Sans objet"),
    OccasionState.DECLINED: ("cancelled", "Ne veut plus recevoir"),
}
"""The kind of tag and its word."""

EXPLAINED: Mapping[OccasionState, str] = {
    OccasionState.MISSED: "Son moment est passé sans qu’elle parte, ou une relance plus récente l’a remplacée.",
    OccasionState.DROPPED: "La date a changé, la personne n’est plus concernée ou a répondu entre-temps.",
    OccasionState.DECLINED: "La personne a choisi de ne plus recevoir ces courriels.",
}


def offset_word(offset_days: int) -> str:
    """`J−7`, `J+1`, `Jour J`."""
    if offset_days == 0:
        return "Jour J"
    return f"J−{-offset_days}" if offset_days < 0 else f"J+{offset_days}"


def hour_word(hour: time) -> str:
    return f"{hour.hour}{NBSP}h" + (f"{NBSP}{hour.minute:02d}" if hour.minute else "")


def dates_in_words(kind: Kind, schedule: Schedule) -> str:
    """`15, 7 et 1 jours avant la réunion, à 8 h`."""
    if kind.lawful:
        return f"selon {kind.date}, à {hour_word(schedule.hour)}"
    before = sorted((-offset for offset in schedule.offsets if offset < 0), reverse=True)
    after = sorted(offset for offset in schedule.offsets if offset > 0)
    parts = [
        *([f"{_listed(before)} avant {kind.date}"] if before else []),
        *([f"le jour même ({kind.date})"] if 0 in schedule.offsets else []),
        *([f"{_listed(after)} après {kind.date}"] if after else []),
    ]
    return f"{', puis '.join(parts)}, à {hour_word(schedule.hour)}" if parts else "aucun envoi"


def _listed(days: Sequence[int]) -> str:
    *first, last = days
    return f"{', '.join(map(str, first))} et {last}{NBSP}jours" if first else plural(last, "jour")

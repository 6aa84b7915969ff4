"""Every feature's reminders, in one place: the worker sends them, the pages show them."""

from collections.abc import Mapping

from pooling.committees import cadence_reminders, follow_up_reminders
from pooling.committees import reminders as committees
from pooling.needs import reminders as needs
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Kind

WHO_RECEIVES: Mapping[str, str] = {
    "committee": "Les personnes invitées au comité.",
    "minutes": "Qui tient le secrétariat du comité ; à défaut, l’animation du groupe.",
    "follow_up": "La personne responsable de la décision ; à défaut, l’animation du groupe.",
    "quarter": "L’animation du groupe.",
    "needs_deadline": "Les référents qui n’ont pas encore déposé leur déclaration.",
    "closing": "Les acheteurs pilotes.",
}
"""Whom each kind that people may do without concerns, for those who choose."""


def reminder_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """Every feature's reminders, on the schedules that the territory set.

    Raises:
        ConfigurationError: the configuration speaks of a kind that there is not.
    """
    kinds = [
        *committees.kinds(configuration),
        *follow_up_reminders.kinds(configuration),
        *cadence_reminders.kinds(configuration),
        *needs.kinds(configuration),
    ]
    configuration.require_known([kind.name for kind in kinds])
    return kinds

"""Every feature's reminders, in one place: the worker sends them, the pages show them."""

from pooling.committees.calendars import reminders as cadence_reminders
from pooling.committees.decisions import reminders as follow_up_reminders
from pooling.committees.meetings import reminders as committees
from pooling.committees.minutes import reminders as minutes_reminders
from pooling.needs import reminders as needs
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.kinds import Kind


def reminder_kinds(configuration: ReminderConfiguration) -> list[Kind]:
    """Every feature's reminders, on the schedules that the territory set.

    Raises:
        ConfigurationError: the configuration speaks of a kind that there is not.
    """
    kinds = [
        *committees.kinds(configuration),
        *minutes_reminders.kinds(configuration),
        *follow_up_reminders.kinds(configuration),
        *cadence_reminders.kinds(configuration),
        *needs.kinds(configuration),
    ]
    configuration.require_known([kind.name for kind in kinds])
    return kinds

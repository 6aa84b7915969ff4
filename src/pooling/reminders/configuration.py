"""`config/reminders.toml`: for each kind of reminder, how many days from the date and at what hour."""

from collections.abc import Collection
from datetime import time
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel

from pooling.kernel.configuration import ConfigurationError, read_configuration
from pooling.reminders.rules import DEFAULT_HOUR, QUIET_FROM, QUIET_UNTIL

FILE = "reminders.toml"


def _not_quiet(hour: time) -> time:
    if QUIET_FROM <= hour < QUIET_UNTIL:
        raise ValueError("nothing is sent between 01:00 and 04:00")
    return hour


def _once(offsets: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(offsets)) != len(offsets):
        raise ValueError("a number of days stands twice")
    return offsets


Days = Annotated[int, Field(ge=-366, le=366)]


class Schedule(BaseModel):
    """When reminders of a kind are due."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offsets: Annotated[tuple[Days, ...], AfterValidator(_once)] = ()
    """Days from the subject's date: −7 is a week before, 1 the day after. None: no reminder of this kind."""
    hour: Annotated[time, AfterValidator(_not_quiet)] = DEFAULT_HOUR
    """On the group's clock."""


class ReminderConfiguration(RootModel[dict[str, Schedule]]):
    """The file's tables, by kind. What a table leaves out is as the kind has it by default."""

    root: dict[str, Schedule] = {}

    def schedule(self, kind: str, default: Schedule) -> Schedule:
        given = self.root.get(kind)
        return default if given is None else default.model_copy(update=given.model_dump(exclude_unset=True))

    def require_known(self, kinds: Collection[str]) -> None:
        """A misspelt kind would silently change nothing.

        Raises:
            ConfigurationError: the file speaks of a kind that there is not.
        """
        unknown = sorted(set(self.root) - set(kinds))
        if unknown:
            known = ", ".join(sorted(kinds))
            raise ConfigurationError(f"{FILE}: no such kind of reminder: {', '.join(unknown)} (known: {known})")


def read_reminders(config_dir: Path) -> ReminderConfiguration:
    """The configuration folder's reminders.

    Raises:
        ConfigurationError: the file is not right; the message says where.
    """
    return read_configuration(config_dir / FILE, ReminderConfiguration)

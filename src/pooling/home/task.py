"""What is expected of somebody, as À faire shows it."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Task:
    """One sentence that starts with a verb, its date, one button."""

    sentence: str
    context: str
    path: str
    """From the group's address on."""
    button: str
    due_at: datetime | None = None
    state: str = "due"
    due_on: date | None = None
    """Where a whole day is meant; `due_at` then only says where it stands among the others."""

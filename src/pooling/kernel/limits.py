"""The limits that a request meets: each is declared where it holds, and the documents' tables are written from all.

`LARGEST_BODY = limit(5_000_000, "Body of a request", __name__, unit=BYTES)` is the number itself.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

Value = TypeVar("Value", int, float, timedelta)
BYTES = "bytes"


class Readers(StrEnum):
    """Whose page says a limit too, besides that of security."""

    PROGRAMS = "programs"
    OPERATORS = "operators"


@dataclass(frozen=True)
class Limit:
    what: str
    said: str
    where: str
    """The module that declares it."""
    readers: tuple[Readers, ...]


LIMITS: dict[tuple[str, str], Limit] = {}


def limit(value: Value, what: str, where: str, *readers: Readers, unit: str = "") -> Value:
    """Declares a limit and gives it back. A timedelta says its own unit."""
    LIMITS[where, what] = Limit(what, said(value, unit), where, readers)
    return value


def said(value: float | timedelta, unit: str = "") -> str:
    """As a document says it: `5 MB`, `10 minutes`, `10 000`."""
    if isinstance(value, timedelta):
        return _duration(value)
    if unit == BYTES:
        return _size(value)
    number = f"{value:,}".replace(",", " ")
    return f"{number} {unit}".strip()


def _duration(value: timedelta) -> str:
    seconds = value.total_seconds()
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0 and (size < 86_400 or seconds > size):  # noqa: PLR2004 - a day is said as 24 hours
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{seconds:g} seconds"


def _size(value: float) -> str:
    for size, name in ((10**6, "MB"), (2**20, "MiB"), (10**3, "kB"), (2**10, "KiB")):
        if value % size == 0:
            return f"{value / size:g} {name}"
    return f"{value:g} bytes"


def file_of(where: str) -> str:
    """The declaring module, as a path under `src/pooling/`."""
    return where.removeprefix("pooling.").replace(".", "/") + ".py"

"""What a feature says of the files that are written apart for it."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.database import Database

Progress = Callable[[int], None]
"""Told so many rows more; raises when the work is to end."""
_Row = TypeVar("_Row")


class Transliterated(NamedTuple):
    """A file in an encoding that does not hold every character."""

    content: bytes
    values: int
    """How many could not be written as they are."""


@dataclass(frozen=True)
class Prepared:
    """Everything that the file will hold, read; nothing of it is written."""

    name: str
    media_type: str
    rows: int
    """About how many there are to write."""
    figures_at: datetime
    write: Callable[[Progress], bytes | Transliterated]
    """Called in a thread: it reads no database."""


@dataclass(frozen=True)
class Gathering:
    """What long work before a file is written stands on: transactions of its own, and a way to say how far it is, which
    prolongs the lease.
    """

    database: Database
    group_id: int
    export_id: int
    asked_by: int
    """Who asked for it."""
    terms: Mapping[str, Any]
    clock: Clock
    tell: Callable[[int, int], Awaitable[None]]
    """Told how many rows are done, and of about how many; raises when the work is another worker's by now."""


@dataclass(frozen=True)
class ExportKind:
    name: str
    prepare: Callable[[AsyncSession, Mapping[str, Any], datetime], Awaitable[Prepared]]
    """In a transaction of the export's group, from what was asked for. A `DomainError` is told to whoever asked."""
    gather: Callable[[Gathering], Awaitable[None]] | None = None
    """What is done before: a file that was handed in is read, its lines are kept; an allocation is frozen. Begun again
    by whoever comes after a worker that was killed at it.
    """


def counted(rows: Iterable[_Row], progress: Progress) -> Iterator[_Row]:
    """The rows; each is told once it is written."""
    for row in rows:
        yield row
        progress(1)

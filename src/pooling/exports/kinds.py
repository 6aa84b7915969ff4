"""What a feature says of the files that are written apart for it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

Progress = Callable[[int], None]
"""Told so many rows more; raises when the work is to end."""


@dataclass(frozen=True)
class Prepared:
    """Everything that the file will hold, read; nothing of it is written."""

    name: str
    media_type: str
    rows: int
    """About how many there are to write."""
    figures_at: datetime
    write: Callable[[Progress], bytes]
    """Called in a thread: it reads no database."""


@dataclass(frozen=True)
class ExportKind:
    name: str
    prepare: Callable[[AsyncSession, Mapping[str, Any], datetime], Awaitable[Prepared]]
    """In a transaction of the export's group, from what was asked for. A `DomainError` is told to whoever asked."""

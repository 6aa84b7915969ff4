"""A mail server on loopback, a queue, and a scene for reminders."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from factories import Territory
from outbox.sink import Sink, running
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from reminders.scene import Scene


@pytest_asyncio.fixture
async def sink() -> AsyncIterator[Sink]:
    """A mail server on loopback."""
    async with running(Sink()) as sink:
        yield sink


@pytest_asyncio.fixture
async def scene(database: Database, territory: Territory, clock: FixedClock, sink: Sink) -> Scene:
    return Scene(database, territory, clock, sink)


@pytest_asyncio.fixture
async def real_scene(fresh_database: Database, territory: Territory, clock: FixedClock, sink: Sink) -> Scene:
    """On a database of its own whose transactions commit: for races and kills."""
    return Scene(fresh_database, territory, clock, sink)


@pytest.fixture
def valkey(data_folder: Path) -> Iterator[EmbeddedValkey]:
    """A queue of this test's own."""
    server = EmbeddedValkey(data_folder)
    yield server
    server.stop()

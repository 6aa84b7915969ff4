"""A PostgreSQL for benchmarks, which all programs of one run share: each has a database of its own there, cloned from
our tables as the migrations leave them, or from a world that takes long to make. Those of a run are made before
anything is measured, as many at once as the machine has cores.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.measuring import Row
from pooling.embedded.postgres import APPLICATION, OWNER, EmbeddedPostgres, PostgresAddresses
from pooling.kernel.apart import dismiss
from pooling.kernel.migrations import every_table, migrate

SHARED = "POOLING_BENCHMARKS"
"""In the environment: the folder of the server of this run."""
MIGRATED = "pooling_migrated"


@dataclass(frozen=True)
class World:
    """What stands in a database before anything is measured. `make` gives what can be written as JSON."""

    name: str
    make: Callable[[PostgresAddresses], Coroutine[Any, Any, Any]] = field(compare=False)


class Ground:
    """One program on the server of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = EmbeddedPostgres(folder)

    def migrated(self) -> str:
        """The template of our tables with nothing in them."""
        if not self._tell(f"SELECT FROM pg_database WHERE datname = '{MIGRATED}'"):
            addresses = self.server.prepare("pooling_making")
            migrate(addresses.owner, APPLICATION)
            self._tell(f"ALTER DATABASE pooling_making RENAME TO {MIGRATED}")
        return MIGRATED

    def template(self, world: World) -> tuple[str, Any]:
        """The template of a world, and what its making gave."""
        name, told = f"pooling_{world.name}", self.folder / f"{world.name}.json"
        if not told.exists():
            begun, making = time.perf_counter(), f"making_{world.name}"
            self.clone(making, self.migrated())
            made: Any = asyncio.run(world.make(self.server.addresses(making)))
            self._tell(f"ALTER DATABASE {making} RENAME TO {name}")
            self._tell(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")  # nothing looks after it meanwhile
            told.write_text(json.dumps(made), "utf-8")
            print(f"made in {time.perf_counter() - begun:.0f} s: {world.name}", flush=True)
        return name, json.loads(told.read_text("utf-8"))

    def clone(self, name: str, template: str) -> PostgresAddresses:
        """A database that stands as the template does; what was written for it is on the disk."""
        self._tell(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._tell(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY file_copy")
        return self.server.addresses(name)

    def drop(self, name: str) -> None:
        self._tell(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _tell(self, statement: str) -> list[Any]:
        async def told() -> list[Any]:
            admin = await asyncpg.connect(self.server.address("postgres", "postgres"))
            try:
                return list(await admin.fetch(statement))
            finally:
                await admin.close()

        return asyncio.run(told())


@contextmanager
def shared_ground() -> Iterator[None]:
    """All programs that are started inside share one server, which goes with the block."""
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        server = EmbeddedPostgres(Path(folder))
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]
            server.stop()


@contextmanager
def _ground() -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="pooling-") as own:
        ground = Ground(Path(os.environ.get(SHARED, own)))
        try:
            yield ground
        finally:
            ground.server.stop()


def make_worlds(worlds: Iterable[World]) -> None:
    """Each of them once, side by side; what takes longest is named first."""
    with _ground() as ground:
        ground.migrated()
        every_table()
        with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as processes:
            for made in [processes.submit(_make, world) for world in dict.fromkeys(worlds)]:
                made.result()


def _make(world: World) -> None:
    with _ground() as ground:
        ground.template(world)
    dismiss()


def on_a_server(rows: Callable[[PostgresAddresses, Path], Awaitable[list[Row]]]) -> list[Row]:
    """What is measured on our tables with nothing in them; the folder and the database are gone afterwards."""
    with _ground() as ground:
        return _measured(ground, [ground.migrated()], lambda places, folder: rows(places[0], folder))


def in_a_world(world: World, rows: Callable[[PostgresAddresses, Path, Any], Awaitable[list[Row]]]) -> list[Row]:
    """The same where a world stands; `rows` is given what its making gave."""
    return in_worlds([world], lambda places, folder, made: rows(places[0], folder, made[0]))


def in_worlds(
    worlds: Sequence[World],
    rows: Callable[[Sequence[PostgresAddresses], Path, Sequence[Any]], Awaitable[list[Row]]],
) -> list[Row]:
    """The same where several stand side by side."""
    with _ground() as ground:
        templates, made = zip(*map(ground.template, worlds), strict=True)
        return _measured(ground, templates, lambda places, folder: rows(places, folder, made))


def _measured(
    ground: Ground,
    templates: Sequence[str],
    rows: Callable[[Sequence[PostgresAddresses], Path], Awaitable[list[Row]]],
) -> list[Row]:
    every_table()  # one may refer to another of a feature that a benchmark does not load
    names = {f"pooling_{place}": template for place, template in enumerate(templates)}
    addresses = [ground.clone(name, template) for name, template in names.items()]
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        try:
            return asyncio.run(_asked(rows, addresses, Path(folder)))
        finally:
            for name in names:
                ground.drop(name)


async def _asked(
    rows: Callable[[Sequence[PostgresAddresses], Path], Awaitable[list[Row]]],
    addresses: Sequence[PostgresAddresses],
    folder: Path,
) -> list[Row]:
    return await rows(addresses, folder)

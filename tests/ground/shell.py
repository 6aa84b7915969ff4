"""The command as a person types it: in this process where it ends by itself, in one of its own where it is stopped."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest
from click.testing import CliRunner, Result

from ground.database import OUR_FEATURES
from ground.forked import Forked
from pooling.cli.main import pooling
from pooling.embedded.postgres import OWNER, EmbeddedPostgres, PostgresAddresses
from pooling.kernel.database import Database
from pooling.settings import Settings

T = TypeVar("T")
NO_QUEUE = "unix:///nowhere/valkey.sock"
BETWEEN_LOOKS = 0.02
"""Seconds that somebody who waits for a program leaves it the processor, where nothing tells when it is that far."""


class Shell:
    """Types commands. `settings` are the variables of its environment, without their prefix."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings

    @property
    def environment(self) -> dict[str, str]:
        return {"COLUMNS": "240"} | {f"POOLING_{name.upper()}": value for name, value in self.settings.items()}

    def __call__(self, *words: object, given: bytes | None = None) -> Result:
        return CliRunner().invoke(pooling, [str(word) for word in words], env=dict(self.environment), input=given)

    def start(self, *words: object, program: str | None = None, errors: int = subprocess.STDOUT) -> Forked:
        """In a process of its own, as `program` runs it; its output goes together into one stream."""
        return Forked(words, {**os.environ, **self.environment}, program=program, errors=errors)


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"POOLING_{name.upper()}", raising=False)


@pytest.fixture
def own(no_settings: None, fresh_addresses: PostgresAddresses, tmp_path: Path) -> Shell:
    """An installation with a migrated database of its own, and no queue."""
    asyncio.run(_as_in_production(fresh_addresses))
    return Shell(
        database_url=fresh_addresses.application,
        owner_database_url=fresh_addresses.owner,
        redis_url=NO_QUEUE,
        data_dir=str(tmp_path),
    )


async def _as_in_production(addresses: PostgresAddresses) -> None:
    """A clone belongs to whoever made it; a database of production to its owner's role."""
    connection = await asyncpg.connect(addresses.superuser)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}")
    await connection.close()


class InDatabase:
    """Runs something on the installation's database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, use: Callable[[Database], Awaitable[T]]) -> T:
        async def used() -> T:
            database = Database.connect(self.url).handing(OUR_FEATURES)
            try:
                return await use(database)
            finally:
                await database.dispose()

        return asyncio.run(used())


@pytest.fixture
def in_database(fresh_addresses: PostgresAddresses) -> InDatabase:
    return InDatabase(fresh_addresses.application)


@pytest.fixture
def embedded(no_settings: None, data_folder: Path) -> Shell:
    """An installation without any address: its engines start in its data folder."""
    return Shell(data_dir=str(data_folder))


@pytest.fixture(scope="session")
def after_a_first_start() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        EmbeddedPostgres(Path(folder)).stop()
        yield Path(folder)


@pytest.fixture
def kept_folder(data_folder: Path, after_a_first_start: Path) -> Path:
    """The data folder as an earlier run left it: a first start, which makes it, takes a second."""
    subprocess.run(["cp", "-a", after_a_first_start / "postgres", data_folder], check=True)
    return data_folder

"""The test ground: a real PostgreSQL once per run, a template database with the real migrations, a clone per worker,
one outer transaction per test that is rolled back. Time is passed in: `clock` stands still until a test moves it.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from factories import NOW, Territory, make_territory
from pooling.embedded.postgres import APPLICATION, OWNER, EmbeddedPostgres, PostgresAddresses
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import PREPARED, Database, driver_url
from pooling.kernel.migrations import every_table, migrate

every_table()  # known before a test looks

TEMPLATE = "pooling_template"
READY = f"{TEMPLATE}_ready"
NOTHING_TO_SURVIVE = ("fsync", "synchronous_commit", "full_page_writes")
"""What PostgreSQL does against a power cut, of no use here and dear on a slow disk."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The run's server: started by the first worker, joined by the others, gone with the last one. It has a folder of
    its own: pytest closes its base folder to others at every run, and the server may run as another user.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    shared = Path(tempfile.gettempdir()) / f"pooling-tests-{run[:12]}"
    server = EmbeddedPostgres(shared)
    yield server
    server.stop()
    if not (shared / "postgres" / "postmaster.pid").exists():
        shutil.rmtree(shared, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> PostgresAddresses:
    """The database that all others are cloned from: made once, by the real migrations, under an advisory lock."""

    async def make() -> None:
        lock = await asyncpg.connect(postgres.address("postgres", "postgres"))
        await lock.execute("SELECT pg_advisory_lock(42)")
        try:
            if not await lock.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", READY):
                for setting in NOTHING_TO_SURVIVE:
                    await lock.execute(f"ALTER SYSTEM SET {setting} = off")
                await lock.execute("SELECT pg_reload_conf()")
                await asyncio.to_thread(postgres.prepare, TEMPLATE)
                addresses = postgres.addresses(TEMPLATE)
                await asyncio.to_thread(migrate, addresses.owner, APPLICATION)
                await lock.execute(f"ALTER DATABASE {TEMPLATE} RENAME TO {READY}")
        finally:
            await lock.close()

    asyncio.run(make())
    return postgres.addresses(READY)


class Clones:
    """Makes databases from the template; each is a fresh installation."""

    def __init__(self, server: EmbeddedPostgres, prefix: str) -> None:
        self._server = server
        self._prefix = prefix
        self._made = 0

    def make(self, like: PostgresAddresses | None = None) -> PostgresAddresses:
        """A database more. It begins empty, or as another is to which nobody is connected any more."""
        self._made += 1
        name = f"pooling_{self._prefix}_{self._made}"
        template = READY if like is None else urlsplit(like.owner).path.removeprefix("/")

        async def clone() -> None:
            admin = await asyncpg.connect(self._server.address("postgres", "postgres"))
            try:
                await admin.execute("SELECT pg_advisory_lock(42)")  # a template must have no other connection
                await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY file_copy")
            finally:
                await admin.close()

        with asyncio.Runner() as runner:
            runner.run(clone())
        return self._server.addresses(name)


@pytest.fixture(scope="session")
def clones(postgres: EmbeddedPostgres, template: PostgresAddresses, worker_id: str) -> Clones:
    return Clones(postgres, worker_id)


@pytest.fixture(scope="session")
def addresses(clones: Clones) -> PostgresAddresses:
    """This worker's own database."""
    return clones.make()


@pytest.fixture
def fresh_addresses(clones: Clones) -> PostgresAddresses:
    """A database for one test alone, whose transactions really commit: for races, kills and several processes."""
    return clones.make()


@pytest_asyncio.fixture
async def fresh_database(fresh_addresses: PostgresAddresses) -> AsyncIterator[Database]:
    database = Database.connect(fresh_addresses.application)
    yield database
    await database.dispose()


@pytest_asyncio.fixture(scope="session")
async def engine(addresses: PostgresAddresses) -> AsyncIterator[AsyncEngine]:
    """This worker's engine: statements are compiled once for all its tests."""
    made = create_async_engine(driver_url(addresses.application), connect_args=PREPARED)
    # One name for all savepoints (PostgreSQL takes the innermost): with new names each is prepared anew.
    made.dialect.identifier_preparer.format_savepoint = lambda *_: "innermost"  # type: ignore[method-assign]
    yield made
    await made.dispose()


@pytest_asyncio.fixture
async def database(engine: AsyncEngine) -> AsyncIterator[Database]:
    """Transactions of the application's role inside one that is rolled back at the test's end."""
    async with engine.connect() as connection:
        outer = await connection.begin()
        yield Database(connection)
        await outer.rollback()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest_asyncio.fixture
async def territory(database: Database) -> Territory:
    """One group with three communes, one university with two components, and people in every role."""
    return await make_territory(database, NOW)


@pytest_asyncio.fixture
async def session(database: Database, territory: Territory) -> AsyncIterator[AsyncSession]:
    """A transaction in the territory's group."""
    async with database.transaction(territory.group_id) as session:
        yield session


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A short path, as unix sockets need."""
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def worker_id() -> str:
    """The name of this pytest-xdist worker, `master` without it."""
    return os.environ.get("PYTEST_XDIST_WORKER", "master")

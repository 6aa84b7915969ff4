"""The test ground: a real PostgreSQL once per run, and in it two templates, which every other database is cloned from.
One is as the real migrations leave it, the other has the territory in it, made by its use cases. Each worker has a
clone of both. A test runs in the one that it asks for, in an outer transaction that is rolled back; where its
transactions must really commit it gets a clone of its own (`fresh_…`). Time is passed in: `clock` stands still until a
test moves it.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import Connection, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from factories import NOW, Territory, find_territory, make_territory
from ground.directory import YEAR, excerpt
from pooling import PROJECT_ROOT
from pooling.directory.updating import renew_directory
from pooling.embedded.postgres import APPLICATION, OWNER, EmbeddedPostgres, PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import PREPARED, Database, driver_url
from pooling.kernel.migrations import every_table, migrate
from pooling.members.features import gather_features
from pooling.reminders.configuration import read_reminders

every_table()  # known before a test looks

OUR_FEATURES = gather_features(FEATURES, PROJECT_ROOT / "config", read_reminders(PROJECT_ROOT / "config"))
"""On the configuration that the repository has."""

MIGRATED = "pooling_migrated"
INHABITED = "pooling_inhabited"
"""Templates. They have these names once they are whole."""
SPARED = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
"""What PostgreSQL does against a power cut and for the years to come, of no use to databases that live for minutes."""


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
def templates(postgres: EmbeddedPostgres) -> None:
    """Made once, by the real migrations and use cases, by the worker that is first at an advisory lock."""

    async def make() -> None:
        lock = await asyncpg.connect(postgres.address("postgres", "postgres"))
        await lock.execute("SELECT pg_advisory_lock(42)")
        try:
            if not await lock.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", INHABITED):
                for setting in SPARED:
                    await lock.execute(f"ALTER SYSTEM SET {setting} = off")
                await lock.execute("SELECT pg_reload_conf()")
                await asyncio.to_thread(postgres.prepare, MIGRATED)
                await asyncio.to_thread(migrate, postgres.addresses(MIGRATED).owner, APPLICATION)
                await renew_directory(postgres.addresses(MIGRATED).owner, excerpt(), YEAR, NOW)
                await lock.execute(_clone("pooling_settled", MIGRATED))
                settled = Database.connect(postgres.addresses("pooling_settled").application)
                await make_territory(settled, NOW)
                await settled.dispose()
                await lock.execute(f"ALTER DATABASE pooling_settled RENAME TO {INHABITED}")
        finally:
            await lock.close()

    asyncio.run(make())


def _clone(name: str, template: str) -> str:
    return f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY file_copy"


class Clones:
    """Makes databases from the template; each is a fresh installation."""

    def __init__(self, server: EmbeddedPostgres, prefix: str) -> None:
        self._server = server
        self._prefix = prefix
        self._made = 0

    def make(self, template: str = MIGRATED, name: str | None = None) -> PostgresAddresses:
        """A database more. It begins as another is to which nobody is connected any more. One named as another that was
        dropped may be served by that one’s engine, which has compiled its statements.
        """
        self._made += 1
        name = f"pooling_{self._prefix}_{name or self._made}"
        # A template must have no other connection.
        self._tell("SELECT pg_advisory_lock(42)", _clone(name, template))
        return self._server.addresses(name)

    async def template(self, name: str, fill: Callable[[str], Awaitable[None]]) -> str:
        """A template more, filled by the worker that asks for it first."""
        lock = await asyncpg.connect(self._server.address("postgres", "postgres"))
        try:
            await lock.execute("SELECT pg_advisory_lock(43)")
            if not await lock.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                made = await asyncio.to_thread(self.make)
                await fill(made.application)
                await lock.execute(f"ALTER DATABASE {name_of(made)} RENAME TO {name}")
        finally:
            await lock.close()
        return name

    def drop(self, addresses: PostgresAddresses) -> None:
        """Whoever is still connected: a run makes hundreds."""
        self._tell(f"DROP DATABASE {name_of(addresses)} WITH (FORCE)")

    def _tell(self, *statements: str) -> None:
        async def told() -> None:
            admin = await asyncpg.connect(self._server.address("postgres", "postgres"))
            try:
                for statement in statements:
                    await admin.execute(statement)
            finally:
                await admin.close()

        with asyncio.Runner() as runner:
            runner.run(told())


@pytest.fixture(scope="session")
def clones(postgres: EmbeddedPostgres, templates: None, worker_id: str) -> Clones:
    return Clones(postgres, worker_id)


def name_of(addresses: PostgresAddresses) -> str:
    return urlsplit(addresses.owner).path.removeprefix("/")


def _template(request: pytest.FixtureRequest) -> str:
    """What the test's database begins as: with the territory where the test, or a fixture of it, asks for it."""
    return INHABITED if "territory" in request.fixturenames else MIGRATED


@pytest.fixture(scope="session")
def addresses(clones: Clones) -> PostgresAddresses:
    """This worker's own database."""
    return clones.make()


@pytest.fixture
def fresh_addresses(clones: Clones, request: pytest.FixtureRequest) -> Iterator[PostgresAddresses]:
    """A database for one test alone, whose transactions really commit: for races, kills and several processes."""
    made = clones.make(_template(request))
    yield made
    clones.drop(made)


@pytest_asyncio.fixture
async def fresh_database(fresh_addresses: PostgresAddresses) -> AsyncIterator[Database]:
    database = Database.connect(fresh_addresses.application).handing(OUR_FEATURES)
    yield database
    await database.dispose()


def _say_savepoints(dialect: Dialect) -> None:
    """In the words of PostgreSQL: SQLAlchemy compiles each anew, as often as a test's transactions begin and end. And
    by one name (PostgreSQL takes the innermost): with new names each is prepared anew. One that is gone back to is
    given up too, or the one around it would never be reached.
    """
    for method, *words in (
        ("do_savepoint", "SAVEPOINT innermost"),
        ("do_release_savepoint", "RELEASE SAVEPOINT innermost"),
        ("do_rollback_to_savepoint", "ROLLBACK TO SAVEPOINT innermost", "RELEASE SAVEPOINT innermost"),
    ):
        setattr(dialect, method, partial(_say, words))


def _say(words: Sequence[str], connection: Connection, _name: str) -> None:
    for statement in words:
        connection.exec_driver_sql(statement)


@asynccontextmanager
async def engine_of(addresses: PostgresAddresses) -> AsyncIterator[AsyncEngine]:
    """Statements are compiled once for all its tests, of all pages."""
    made = create_async_engine(driver_url(addresses.application), connect_args=PREPARED, query_cache_size=5_000)
    _say_savepoints(made.dialect)
    yield made
    await made.dispose()


@pytest_asyncio.fixture(scope="session")
async def migrated_engine(addresses: PostgresAddresses) -> AsyncIterator[AsyncEngine]:
    async with engine_of(addresses) as made:
        yield made


@pytest_asyncio.fixture(scope="session")
async def inhabited_engine(clones: Clones) -> AsyncIterator[AsyncEngine]:
    async with engine_of(await asyncio.to_thread(clones.make, INHABITED)) as made:
        yield made


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> AsyncEngine:
    """Of the database that this test asks for: with the territory or without."""
    chosen: AsyncEngine = request.getfixturevalue(f"{_template(request).removeprefix('pooling_')}_engine")
    return chosen


@asynccontextmanager
async def rolled_back(engine: AsyncEngine) -> AsyncIterator[Database]:
    """Transactions of the application's role inside one that is rolled back at the end."""
    async with engine.connect() as connection:
        outer = await connection.begin()
        await connection.exec_driver_sql("SELECT")  # only now has it really begun
        yield Database(connection).handing(OUR_FEATURES)
        await outer.rollback()


@asynccontextmanager
async def undone(database: Database) -> AsyncIterator[None]:
    """What happens inside such a one is taken back, and what was there before stays: for what is made once and read by
    many.
    """
    async with database.transaction() as session:
        connection = session.bind
    assert isinstance(connection, AsyncConnection), "a test’s outer transaction"
    savepoint = await connection.begin_nested()
    try:
        yield
    finally:
        await savepoint.rollback()


@pytest_asyncio.fixture
async def database(engine: AsyncEngine) -> AsyncIterator[Database]:
    """Gone with the test."""
    async with rolled_back(engine) as made:
        yield made


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest_asyncio.fixture(scope="session")
async def inhabitants(inhabited_engine: AsyncEngine) -> Territory:
    return await find_territory(Database(inhabited_engine))


@pytest.fixture
def territory(inhabitants: Territory) -> Territory:
    """One group with three communes, one university with two components, and people in every role; already there when
    the test begins.
    """
    return deepcopy(inhabitants)


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

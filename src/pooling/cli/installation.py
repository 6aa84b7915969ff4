"""What most commands stand on: the settings, the engines they name or that are started for them, the database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from pooling.cli.failures import without_password
from pooling.cli.starting import engines_of
from pooling.directory.updating import load_packaged
from pooling.embedded.engines import Engines, kept_secret
from pooling.kernel.database import LONG, Database, Patience, driver_url
from pooling.kernel.migrations import every_table, newest_revision, present_revision, role_of
from pooling.kernel.migrations import migrate as migrate_database
from pooling.kernel.text import clean
from pooling.mail_addresses import is_address, read_address
from pooling.settings import Settings, load_settings, stop_process

Result = TypeVar("Result")
SECONDS_TO_ANSWER = 10
MIGRATING = 7_203_002
"""The advisory lock under which a database is migrated."""

NO_ANSWER = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a database that is away, or that does not let us in, is met with."""


@dataclass(frozen=True)
class Installation:
    """The settings, and where the engines answer."""

    settings: Settings
    engines: Engines

    def database(self, patience: Patience = LONG) -> Database:
        """Its tables are all known: one may refer to another of a feature that a command does not load."""
        every_table()
        return self._connected(self.engines.database_url, patience)

    def replica(self) -> Database | None:
        """What follows it and answers questions alone, where there is one."""
        return self._connected(self.settings.replica_url, LONG) if self.settings.replica_url else None

    def _connected(self, url: str, patience: Patience) -> Database:
        return Database.connect(
            url,
            patience=patience,
            base_url=self.settings.base_url,
            mail_from=self.settings.mail_from,
            reads_answers=self.settings.imap_url is not None,
        )

    @property
    def embedded(self) -> bool:
        return self.settings.database_url is None


@contextmanager
def installation(settings: Settings | None = None) -> Iterator[Installation]:
    """The engines of the settings, embedded ones started as long as the block lasts. Embedded ones are migrated too,
    since nobody else would; a database of your own must have been.
    """
    settings = settings or load_settings()
    with engines_of(settings) as engines:
        found = Installation(settings, engines)
        if found.embedded:
            migrate_engines(engines)
        else:
            asyncio.run(_refuse_unmigrated(found))
        yield found


def migrate_engines(engines: Engines) -> None:
    """Brings the database to the present schema, with the directory that comes with this version. Two processes may do
    so at once: one waits for the other.
    """
    if engines.owner_database_url is None:
        stop_process("the setting POOLING_OWNER_DATABASE_URL is missing: migrations run as the owner of the tables.")
    asyncio.run(_migrate(engines.owner_database_url, role_of(engines.database_url)))


async def _migrate(owner_url: str, application: str) -> None:
    engine = create_async_engine(driver_url(owner_url))
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            connection = await engine.connect()
        try:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
            await asyncio.to_thread(migrate_database, owner_url, application)
            await load_packaged(owner_url, datetime.now(UTC))
        finally:
            await connection.close()
    except NO_ANSWER as error:
        stop_process(f"the database {without_password(owner_url)} cannot be migrated: {first_line(error)}")
    finally:
        await engine.dispose()


async def _refuse_unmigrated(found: Installation) -> None:
    database = found.database()
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            present = await present_revision(database)
    except NO_ANSWER as error:
        stop_process(
            f"the database {without_password(found.engines.database_url)} does not answer: {first_line(error)}"
        )
    finally:
        await database.dispose()
    if present != newest_revision():
        stop_process("the database is not at the present schema: run `pooling migrate` first.")


def first_line(error: BaseException) -> str:
    """What the error says, without its traceback, statement or links."""
    if isinstance(error, TimeoutError):
        return f"nothing came within {SECONDS_TO_ANSWER} s."
    said = str(getattr(error, "orig", None) or error).strip()
    return (said.splitlines()[0].rpartition(">: ")[2] if said else type(error).__name__).rstrip(".") + "."


def with_database(found: Installation, use: Callable[[Database], Awaitable[Result]]) -> Result:
    """Runs this on the installation's database, and lets go of it."""

    async def run() -> Result:
        database = found.database()
        try:
            return await use(database)
        finally:
            await database.dispose()

    return asyncio.run(run())


def typed_address(typed: str) -> str:
    """An e-mail address given as an argument, as it is kept; a wrong one ends the command."""
    address = clean(typed)
    if not is_address(address):
        stop_process(f"“{typed}” is not an e-mail address.")
    return read_address(address)


def secret_key(settings: Settings) -> str:
    """The key that signs form tokens. An installation that others reach names its own."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    if not settings.is_loopback:
        stop_process(
            "the setting POOLING_SECRET_KEY is missing: at least 32 random characters (openssl rand -base64 48)."
        )
    return kept_secret(settings.data_dir)

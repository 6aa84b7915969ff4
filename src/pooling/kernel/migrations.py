"""Bringing a database to the present schema, as its owner, and giving the application's role just what it needs.

Alembic is loaded by who migrates: a server that is asked whether it is ready does without its 15 MB.
"""

import asyncio
import importlib
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

from pooling import BESIDE, PACKAGE
from pooling.kernel.database import Database, driver_url
from pooling.kernel.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = BESIDE / "migrations"
WHERE_TABLES_ARE = ("**/models.py", "kernel/events.py", "kernel/files.py", "kernel/numbering.py")

LOCK_WAITS = 10
"""Seconds that a migration waits for a table which somebody uses: it then ends and changes nothing, rather than have
all others queue behind it.
"""


class UnknownRevision(Exception):
    """The database stands at a revision that this version does not know."""


def every_table() -> MetaData:
    """What all models together say. They are imported by name: nothing here may know a feature."""
    for pattern in WHERE_TABLES_ARE:
        for path in sorted(PACKAGE.glob(pattern)):
            importlib.import_module(".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)))
    return metadata


def configuration() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see the module's head

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def role_of(url: str) -> str:
    """The database role that an address names.

    Raises:
        ValueError: it names none.
    """
    role = unquote(urlsplit(url).username or "")
    if not role:
        raise ValueError("the database address names no role (postgresql://role:password@host/database)")
    return role


def migrate(owner_url: str, application_role: str) -> None:
    """Upgrades to the newest revision and renews the privileges, in one transaction.

    Raises:
        UnknownRevision: another version made the database what it is.
    """
    asyncio.run(_migrate(owner_url, application_role))


async def _migrate(owner_url: str, application_role: str) -> None:
    engine = create_async_engine(driver_url(owner_url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAITS}s'"))
            await connection.run_sync(_upgrade)
            for statement in privileges(application_role):
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see the module's head
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = configuration()
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    try:
        ScriptDirectory.from_config(config).get_revisions(present or ())
    except CommandError as unknown:
        raise UnknownRevision(
            f"the database stands at revision {present}, which this version does not know: a newer one made it, "
            "or one from before the first release."
        ) from unknown
    command.upgrade(config, "head")


FUNCTIONS_FIND_OUR_TABLES = """
DO $$ DECLARE found regprocedure; BEGIN
    FOR found IN SELECT oid FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', found);
    END LOOP;
END $$"""
"""A function that runs as the owner looks for temporary tables last: where `pg_temp` is not named it comes first, and
the application's role could put a table of its own, with a trigger, in the place of ours.
"""


WRITTEN_ONCE = (
    "events",
    "consolidations",
    "consolidated_items",
    "assignments",
    "allocations",
    "allocation_shares",
    "allocation_debts",
    "minutes_versions",
)
OF_THE_HOST = ("authorities", "directory_editions", "catalogue_versions")
"""Tables that all groups read and the owner alone writes, or a function of its own."""
FOLLOWED_UP = "owner_id, due_on, state, outcome, settled_at, revision, assigned_at, acted_at, acted_by"
DATED_HERE = ("events", "minutes_versions")
"""Tables whose `recorded_at` is the database's."""


def _dated_by_the_database(table: str, role: str) -> tuple[str, str]:
    """Adding rows to it, without a word on when, or in which place. A privilege on the table would give the columns
    too: it goes first.
    """
    quoted, literal = '"' + role.replace('"', '""') + '"', "'" + role.replace("'", "''") + "'"
    return (
        f"REVOKE INSERT ON {table} FROM {quoted}",
        f"""
        DO $$ DECLARE given text; BEGIN
            SELECT string_agg(quote_ident(attname), ', ') INTO given FROM pg_attribute
            WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
                AND attname <> 'recorded_at' AND attidentity = '';
            EXECUTE format('GRANT INSERT (%s) ON {table} TO %I', given, {literal});
        END $$""",  # noqa: S608 - a table of ours, a role of the operator's
    )


def privileges(role: str) -> list[str]:
    """What the application may do: nothing to the schema, and nothing but adding where rows are a record for ever."""
    quoted = '"' + role.replace('"', '""') + '"'
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        FUNCTIONS_FIND_OUR_TABLES,
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        # To maintain them is to have them analysed, once many rows were written.
        f"GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON ALL TABLES IN SCHEMA public TO {quoted}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
        f"REVOKE UPDATE, DELETE ON {', '.join(WRITTEN_ONCE)} FROM {quoted}",
        f"REVOKE INSERT, UPDATE, DELETE ON {', '.join(OF_THE_HOST)} FROM {quoted}",
        # What is changed by functions alone (migration 0009), and what goes on after a decision was taken.
        f"REVOKE UPDATE, DELETE ON decisions FROM {quoted}",
        f"GRANT UPDATE ({FOLLOWED_UP}) ON decisions TO {quoted}",
        # A content keeps its name and its bytes; both may be forgotten.
        f"REVOKE UPDATE ON files, file_contents FROM {quoted}",
        *(statement for table in DATED_HERE for statement in _dated_by_the_database(table, role)),
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}",
        "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {quoted}",
    ]


def newest_revision() -> str:
    """By the names of the files, which begin with their revision's."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


async def present_revision(database: Database) -> str | None:
    """The revision the database stands at; None before the first migration."""
    async with database.transaction() as session:
        if await session.scalar(text("SELECT to_regclass('public.alembic_version')")) is None:
            return None
        found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
        return found

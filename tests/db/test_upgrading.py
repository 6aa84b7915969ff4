"""What an upgrade makes of rows that an earlier version wrote."""

import asyncio

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from factories import NOW
from pooling.embedded.postgres import EmbeddedPostgres
from pooling.kernel.database import driver_url
from pooling.kernel.migrations import configuration


@pytest.fixture
def empty(postgres: EmbeddedPostgres, worker_id: str) -> str:
    """The owner's address of a database without a table."""
    return postgres.prepare(f"pooling_upgrading_{worker_id}").owner


def upgrade(connection: Connection, revision: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


WITHOUT_VERSIONS = (
    "INSERT INTO groups (id, slug, name, timezone, fictional, created_at) VALUES (1, 'b', 'B', 'UTC', false, :now)",
    """INSERT INTO people (id, email, name, function, created_at)
    SELECT id, id || '@b.fr', '', '', :now FROM generate_series(7, 8) AS id""",
    """INSERT INTO committees (group_id, id, title, state, local_start, starts_at, ends_at, place, link, agenda,
        minutes, revision, scheduled_at, created_at)
    SELECT 1, id, 'Comité', state, '2027-03-01', :now, CAST(:now AS timestamptz) + interval '1 hour', '', '', '',
        minutes, 1, :now, :now
    FROM (VALUES (1, 'planned', ''), (2, 'held', 'Brouillon'), (3, 'minuted', 'Publié'))
        AS written(id, state, minutes)""",
    """INSERT INTO events (group_id, at, person_id, subject_kind, subject_id, name, details)
    SELECT 1, :now, person_id, 'committee', committee_id, 'committee.' || name, '{}'
    FROM (VALUES (2, 7, 'minutes_written'), (2, 8, 'minutes_written'), (2, 7, 'moved'), (3, 7, 'minuted'))
        AS happened(committee_id, person_id, name)""",
)


def test_minutes_written_before_versions_existed_become_the_first_of_them(empty: str) -> None:
    async def versions() -> tuple[list[tuple[object, ...]], list[int]]:
        engine = create_async_engine(driver_url(empty))
        async with engine.connect() as connection:
            await connection.run_sync(upgrade, "0003")
            for statement in WITHOUT_VERSIONS:
                await connection.execute(text(statement), {"now": NOW} if ":now" in statement else {})
            await connection.run_sync(upgrade, "0004")
            rows = await connection.execute(
                text("SELECT committee_id, number, content, written_by FROM minutes_versions ORDER BY committee_id")
            )
            numbers = await connection.execute(text("SELECT minutes_version FROM committees ORDER BY id"))
            found = [tuple(row) for row in rows], list(numbers.scalars())
        await engine.dispose()
        return found

    written, numbers = asyncio.run(versions())
    assert written == [(2, 1, "Brouillon", 8), (3, 1, "Publié", 7)], "by whoever wrote last"
    assert numbers == [0, 1, 1]

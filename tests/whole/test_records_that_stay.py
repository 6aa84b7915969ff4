"""What stands as a record is dated by the database and changes by named ways alone, whatever the application asks."""

import traceback
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from factories import NOW, Territory, make_territory
from pooling.committees.decisions.models import Decision
from pooling.committees.models import Committee, CommitteeState, MinutesVersion
from pooling.embedded.postgres import EmbeddedPostgres, PostgresAddresses
from pooling.kernel.database import Database
from pooling.kernel.events import record_event

BEFORE, AFTER = "Acheter dix arceaux", "Acheter cent arceaux"
AMEND = "SELECT amend_decision(:id, :content, 1, 0, 0, NULL, NULL, NULL, NULL, '{}')"
OVER = "SELECT write_minutes_over(:committee, 1, :content, :at)"


@pytest.fixture
async def taken(database: Database, territory: Territory) -> tuple[int, int]:
    """A committee that was held, with minutes and a decision."""
    async with database.transaction(territory.group_id) as session:
        committee = Committee(
            group_id=territory.group_id, title="Comité", local_start=NOW.replace(tzinfo=None), starts_at=NOW,
            ends_at=NOW + timedelta(hours=1), place="Mairie", scheduled_at=NOW, created_at=NOW, minutes_version=1,
            state=CommitteeState.HELD,
        )  # fmt: skip
        session.add(committee)
        await session.flush()
        decision = Decision(
            group_id=territory.group_id, committee_id=committee.id, number=1, content=BEFORE, assigned_at=NOW,
            created_at=NOW,
        )  # fmt: skip
        writer = territory.people["animation@bassin.example"]
        version = MinutesVersion(
            group_id=territory.group_id, committee_id=committee.id, number=1, content=BEFORE, written_by=writer,
            begun_at=NOW, written_at=NOW,
        )  # fmt: skip
        session.add_all([decision, version])
        await session.flush()
        return committee.id, decision.id


async def ask(database: Database, group_id: int, statement: str, **values: object) -> object:
    async with database.transaction(group_id) as session:
        return await session.scalar(text(statement), values)


async def test_an_event_says_when_the_database_wrote_it(database: Database, territory: Territory) -> None:
    """Whatever time the application gives, here one of months ago."""
    long_ago = NOW - timedelta(days=300)
    async with database.transaction(territory.group_id) as session:
        subject = ("group", territory.group_id)
        record_event(session, at=long_ago, person_id=None, subject=subject, name="group.renamed")
        await session.flush()
        row = (await session.execute(text("SELECT at, recorded_at FROM events ORDER BY id DESC LIMIT 1"))).one()
    assert row.at == long_ago
    assert abs(row.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_decision_is_corrected_until_its_minutes_are_published(
    database: Database, territory: Territory, taken: tuple[int, int]
) -> None:
    """Calling the committee unpublished again, as the application's role may, opens nothing: the journal knows."""
    committee, decision = taken
    group = territory.group_id
    assert await ask(database, group, AMEND, id=decision, content=AFTER) is True
    assert await ask(database, group, OVER, committee=committee, content=AFTER, at=NOW) is True
    async with database.transaction(group) as session:
        subject = ("committee", committee)
        record_event(session, at=NOW, person_id=None, subject=subject, name="committee.minuted")
    await ask(database, group, "UPDATE committees SET state = 'held' WHERE id = :id RETURNING id", id=committee)
    assert await ask(database, group, AMEND, id=decision, content="Rien") is None
    assert await ask(database, group, "SELECT remove_decision(:id)", id=decision) is None
    assert await ask(database, group, OVER, committee=committee, content="Rien", at=NOW) is None
    assert await ask(database, group, "SELECT content FROM decisions WHERE id = :id", id=decision) == AFTER


async def test_a_decision_that_was_carried_out_stays(
    database: Database, territory: Territory, taken: tuple[int, int]
) -> None:
    _, decision = taken
    async with database.transaction(territory.group_id) as session:
        record_event(session, at=NOW, person_id=None, subject=("decision", decision), name="decision.applied")
    assert await ask(database, territory.group_id, AMEND, id=decision, content="Rien") is None
    assert await ask(database, territory.group_id, "SELECT remove_decision(:id)", id=decision) is None


async def test_another_groups_records_are_out_of_reach(
    database: Database, territory: Territory, taken: tuple[int, int]
) -> None:
    other = await make_territory(database, NOW, slug="autre")
    committee, decision = taken
    assert await ask(database, other.group_id, AMEND, id=decision, content="Rien") is None
    assert await ask(database, other.group_id, "SELECT remove_decision(:id)", id=decision) is None
    assert await ask(database, other.group_id, OVER, committee=committee, content="Rien", at=NOW) is None


async def test_only_a_young_version_is_written_over(
    fresh_addresses: PostgresAddresses, fresh_database: Database, territory: Territory
) -> None:
    """By the database's clock: the application's says what it likes."""
    async with fresh_database.transaction(territory.group_id) as session:
        committee = Committee(
            group_id=territory.group_id, title="Comité", local_start=NOW.replace(tzinfo=None), starts_at=NOW,
            ends_at=NOW + timedelta(hours=1), place="Mairie", scheduled_at=NOW, created_at=NOW, minutes_version=2,
        )  # fmt: skip
        session.add(committee)
        await session.flush()
        writer = territory.people["animation@bassin.example"]
        session.add_all(
            MinutesVersion(
                group_id=territory.group_id, committee_id=committee.id, number=number, content=BEFORE,
                written_by=writer, begun_at=NOW, written_at=NOW,
            )
            for number in (1, 2)
        )  # fmt: skip
    group, second = territory.group_id, OVER.replace("1", "2")
    assert await ask(fresh_database, group, OVER, committee=committee.id, content=AFTER, at=NOW) is None, "not the last"
    assert await ask(fresh_database, group, second, committee=committee.id, content=AFTER, at=NOW) is True
    owner = await asyncpg.connect(fresh_addresses.owner)
    await owner.execute("UPDATE minutes_versions SET recorded_at = clock_timestamp() - interval '16 minutes'")
    await owner.close()
    assert await ask(fresh_database, group, second, committee=committee.id, content="Rien", at=NOW) is None


SECRET = "claire.martin@lugos.example"
ADD = "INSERT INTO people (email, name, function, created_at) VALUES ($1, '', '', now())"


async def test_the_servers_log_names_nobody(postgres: EmbeddedPostgres, fresh_addresses: PostgresAddresses) -> None:
    """A DETAIL says `Key (email)=(…) already exists`, or the whole failing row."""
    before = len(postgres.log.read_text())  # other tests send what the server quotes
    connection = await asyncpg.connect(fresh_addresses.owner)  # row-level security hides details from the other
    assert await connection.fetchval("SELECT current_setting('log_error_verbosity')") == "terse"
    await connection.execute(ADD, SECRET)
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await connection.execute(ADD, SECRET)
    await connection.close()
    assert SECRET in (refused.value.detail or ""), "the caller is told"
    written = postgres.log.read_text()[before:]
    assert "uq_people_email" in written, "the error itself is there"
    assert SECRET not in written


PERSON = "INSERT INTO people (email, name, function, created_at) VALUES (:given, '', '', now())"


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (PERSON, SECRET),
        ("SELECT CAST(CAST(:given AS text) AS integer)", SECRET),
        ("SELECT CAST(CAST(:given AS text) AS timestamptz)", SECRET),
        ("SELECT CAST(:given AS bigint)", SECRET),
        ("SELECT CAST(CAST(:given AS text) AS jsonb)", f'{{"name": {SECRET}'),
        ("SELECT to_tsquery(CAST(:given AS text))", f"{SECRET} ! | ("),
        ("SELECT CAST(:given AS text)", f"{SECRET}\x00"),
    ],
)
async def test_our_own_log_names_nobody(fresh_addresses: PostgresAddresses, statement: str, given: str) -> None:
    """An error is logged with its traceback: statement, driver's error and its cause."""
    database = Database.connect(fresh_addresses.owner)
    async with database.transaction() as session:
        await session.execute(text(PERSON), {"given": SECRET})
        with pytest.raises(DBAPIError) as refused:
            await session.execute(text(statement), {"given": given})
        await session.rollback()
    logged = "".join(traceback.format_exception(refused.value))
    await database.dispose()
    assert "sqlalche.me" in logged
    assert SECRET not in logged

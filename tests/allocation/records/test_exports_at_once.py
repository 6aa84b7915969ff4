"""Workbooks and the worker: several at once, and stopped in the middle."""

import asyncio

import pytest
import pytest_asyncio
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from factories import BUYER, NOW, Territory, file_needs, make_territory, open_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.records.workbook_export import ask_workbook, workbook_kind
from pooling.exports.models import Export, ExportState
from pooling.exports.writing import write_exports
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of

WORKBOOKS = [workbook_kind(FinanceConfiguration())]


async def asked(database: Database, territory: Territory) -> int:
    """A purchase whose workbook somebody asked for; returns the purchase's id."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await ask_again(database, territory, purchase_id)
    return purchase_id


async def ask_again(database: Database, territory: Territory, purchase_id: int) -> int:
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        return await ask_workbook(session, buyer, purchase_id, NOW)


async def states(database: Database, territory: Territory) -> list[str]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(col(Export.state)).order_by(col(Export.id)))).scalars())


async def test_who_lost_its_lease_keeps_nothing(database: Database, territory: Territory, clock: FixedClock) -> None:
    await asked(database, territory)
    connection = database._engine
    assert isinstance(connection, AsyncConnection)

    def lose(_c: object, cursor: object, statement: str, *_: object) -> None:
        if "INSERT INTO file_contents" in statement:
            event.remove(connection.sync_connection, "before_cursor_execute", lose)
            cursor.execute("UPDATE exports SET lease = 'another worker'")  # type: ignore[attr-defined]

    event.listen(connection.sync_connection, "before_cursor_execute", lose)
    assert await write_exports(database, clock, WORKBOOKS) == 0
    async with database.transaction(territory.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM file_contents"))).scalar_one() == 0


@pytest_asyncio.fixture
async def groups(fresh_database: Database) -> list[Territory]:
    return [await make_territory(fresh_database, NOW, slug=slug) for slug in ("bassin", "autre")]


async def test_workers_at_once_write_each_workbook_of_every_group_once(
    fresh_database: Database, groups: list[Territory], clock: FixedClock
) -> None:
    purchases = [await asked(fresh_database, territory) for territory in groups]
    same = await asyncio.gather(*(ask_again(fresh_database, groups[0], purchases[0]) for _ in range(4)))
    assert len(set(same)) == 1
    ready = await asyncio.gather(*(write_exports(fresh_database, clock, WORKBOOKS) for _ in range(3)))
    assert sum(ready) == 2
    for territory in groups:
        assert await states(fresh_database, territory) == [ExportState.READY]


async def test_a_claim_takes_one_of_many_however_the_server_plans_it(
    fresh_database: Database, groups: list[Territory], clock: FixedClock
) -> None:
    for territory in groups:
        await asked(fresh_database, territory)
    async with fresh_database.transaction() as session:
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):  # what is left: a loop over the rows
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        claimed = await session.execute(
            text("SELECT * FROM claim_exports('mine', :now, :now, 1)"), {"now": clock.now()}
        )
        assert len(claimed.all()) == 1


async def test_asking_at_once_for_the_first_time_makes_one(fresh_database: Database, groups: list[Territory]) -> None:
    purchase_id = await open_purchase(fresh_database, groups[0], NOW)
    same = await asyncio.gather(*(ask_again(fresh_database, groups[0], purchase_id) for _ in range(4)))
    assert len(set(same)) == 1


async def test_a_worker_that_is_stopped_gives_back_what_it_had_begun(
    fresh_database: Database, groups: list[Territory], clock: FixedClock
) -> None:
    await asked(fresh_database, groups[0])
    engine = fresh_database._engine
    assert isinstance(engine, AsyncEngine)
    working = asyncio.create_task(write_exports(fresh_database, clock, WORKBOOKS))

    def stop(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM charges" in statement:  # in the middle of reading the figures
            working.cancel()

    event.listen(engine.sync_engine, "before_cursor_execute", stop)
    with pytest.raises(asyncio.CancelledError):
        await working
    event.remove(engine.sync_engine, "before_cursor_execute", stop)
    assert await states(fresh_database, groups[0]) == [ExportState.WAITING]
    assert await write_exports(fresh_database, clock, WORKBOOKS) == 1, "at once, without waiting for a lease"

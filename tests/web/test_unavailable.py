"""While the database is away, restarts or is busy: 503, a kind sentence, and when to try again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest
from asyncpg.transaction import Transaction
from litestar import Litestar
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from api_client import API, Program, problem
from factories import NOW
from ground.shell import BETWEEN_LOOKS
from pooling.embedded.postgres import PostgresAddresses
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import LONG, WEB, Database, Patience, Unavailable, fetch, is_passing
from pooling.settings import Settings
from web_client import Browser, features_in, stand_on

IMPATIENT = Patience(statement=1, idle=60, waiting=1)


Make = Callable[[Database], Litestar]


@pytest.fixture
def put_together(application: Litestar, tmp_path: Path) -> Iterator[Make]:
    before = application.state.services

    def make(database: Database) -> Litestar:
        database = database.handing(features_in(application))
        stand_on(application, database=database, clock=FixedClock(NOW), settings=Settings(data_dir=tmp_path))
        return application

    yield make
    application.state.services = before


def kind(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503
        and answer.headers["retry-after"] == "5"
        and "très demandé ou redémarre" in answer.text
        and "Réessayez dans quelques minutes" in answer.text
    )


async def asked(app: Litestar, database: Database) -> None:
    """Signed in or not, page or program."""
    browser, program = Browser(app, database), Program(app, "pool_nothing")
    browser.hold("a token")
    assert kind(await browser.get("/g/bassin"))
    assert kind(await browser.get("/connexion"))
    answer = await program.get(f"{API}/members")
    assert problem(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert (await browser.get("/health/live")).status_code == 200
    await browser.close()
    await program.close()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://pooling_app@127.0.0.1:1/pooling",
        "postgresql://pooling_app@nowhere.invalid/pooling",
        "postgresql://pooling_app@/pooling?host=/nowhere",
    ],
)
async def test_a_database_that_is_away(put_together: Make, address: str, caplog: pytest.LogCaptureFixture) -> None:
    database = Database.connect(address, patience=IMPATIENT)
    await asked(put_together(database), database)
    await database.dispose()
    assert "Traceback" not in caplog.text, "once a request, for as long as it lasts"


async def test_every_connection_is_taken(put_together: Make, fresh_addresses: PostgresAddresses) -> None:
    database = Database.connect(fresh_addresses.application, pool_size=2, patience=IMPATIENT)
    async with database.transaction(), database.transaction():
        await asked(put_together(database), database)
    await database.dispose()


async def by_session(session: AsyncSession, statement: str) -> object:
    return await session.execute(text(statement))


@pytest.mark.parametrize("way", [by_session, fetch])
async def test_what_lasts_too_long_is_ended_and_told_from_a_fault(
    fresh_addresses: PostgresAddresses, way: Callable[[AsyncSession, str], Awaitable[object]]
) -> None:
    patience = Patience(statement=1, idle=1, waiting=1)
    database = Database.connect(fresh_addresses.application, pool_size=1, patience=patience)
    other = await asyncpg.connect(fresh_addresses.superuser)
    with pytest.raises(DBAPIError) as stopped:
        async with database.transaction() as session:
            await way(session, "SELECT pg_sleep(30)")
    assert is_passing(stopped.value), "PostgreSQL ends a statement that lasts"
    with pytest.raises(DBAPIError) as ended:  # noqa: PT012 - what is looked at is the whole transaction
        async with database.transaction() as session:
            idle = await session.scalar(text("SELECT pg_backend_pid()"))
            present = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)"
            while await other.fetchval(present, idle):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(BETWEEN_LOOKS)
            await way(session, "SELECT 1")
    assert is_passing(ended.value), "PostgreSQL ends a transaction that stands idle"
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    with pytest.raises(DBAPIError) as wrong:
        async with database.transaction() as session:
            await way(session, "SELECT 1 / 0")
    assert not is_passing(wrong.value)
    with pytest.raises(DBAPIError) as quoting:
        async with database.transaction() as session:
            await way(session, "SELECT CAST(concat('a sec', 'ret') AS integer)")
    assert "secret" not in str(quoting.value)
    await other.close()
    await database.dispose()


async def test_a_connection_that_was_closed_while_idle_is_not_handed_out(fresh_addresses: PostgresAddresses) -> None:
    database = Database.connect(fresh_addresses.application, pool_size=1)
    drivers: list[asyncpg.Connection] = []
    pool = cast("Any", database)._engine.sync_engine
    event.listen(pool, "connect", lambda connection, _: drivers.append(connection.driver_connection))
    async with database.transaction() as session:
        mine = await session.scalar(text("SELECT pg_backend_pid()"))
    other = await asyncpg.connect(fresh_addresses.superuser)
    for ask_again in (lambda: database.ask("SELECT 1"), lambda: _opened(database)):
        await other.execute("SELECT pg_terminate_backend($1)", mine)
        while not drivers[-1].is_closed():  # noqa: ASYNC110 - its socket says so
            await asyncio.sleep(BETWEEN_LOOKS)
        await ask_again()
        mine = (await database.ask("SELECT pg_backend_pid() AS mine"))[0]["mine"]
    await other.close()
    await database.dispose()


async def test_who_is_stopped_while_a_transaction_begins_leaves_nobody_inside_of_it(
    fresh_addresses: PostgresAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL has begun it, and its answer is not waited for any more: what comes next commits all the same."""
    database = Database.connect(fresh_addresses.application, pool_size=1)
    begin = Transaction.start

    async def begins_and_is_stopped(transaction: Transaction) -> None:
        await begin(transaction)
        raise asyncio.CancelledError

    await _opened(database)  # a first connection is asked who it is
    with monkeypatch.context() as stopping:
        stopping.setattr(Transaction, "start", begins_and_is_stopped)
        with pytest.raises(asyncio.CancelledError):
            await _opened(database)
    async with database.transaction() as session:
        written = await session.scalar(text("SELECT CAST(pg_current_xact_id() AS text)"))
    (found,) = await database.ask("SELECT pg_xact_status(CAST(CAST($1 AS text) AS xid8)) AS became", written)
    assert found["became"] == "committed"
    await database.dispose()


async def _opened(database: Database) -> None:
    async with database.transaction():
        pass


async def test_a_deadlock_or_a_lost_connection_in_a_request_is_told_so(
    app: Litestar, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(Exception):
        sqlstate = "40P01"

    async def lost(*_: object) -> None:
        raise DBAPIError("SELECT", {}, Lost())

    monkeypatch.setattr(app.state.services.database, "ask", lost)
    visitor.hold("a token")
    assert kind(await visitor.get("/connexion"))


@pytest.mark.parametrize(("patience", "statement", "idle"), [(WEB, "1min", "2min"), (LONG, "15min", "30min")])
async def test_each_kind_of_work_has_its_patience(
    fresh_addresses: PostgresAddresses, patience: Patience, statement: str, idle: str
) -> None:
    database = Database.connect(fresh_addresses.application, patience=patience)
    async with database.transaction() as session:
        assert await session.scalar(text("SHOW statement_timeout")) == statement
        assert await session.scalar(text("SHOW idle_in_transaction_session_timeout")) == idle
    await database.dispose()


async def test_what_cannot_be_opened_is_an_error_of_connection() -> None:
    """So that commands and the worker, which know those, say it in a sentence and go on."""
    away = Database.connect("postgresql://pooling_app@127.0.0.1:1/pooling", patience=IMPATIENT)
    with pytest.raises(Unavailable):
        async with away.transaction():
            pytest.fail("it was opened")
    await away.dispose()
    assert issubclass(Unavailable, ConnectionError)

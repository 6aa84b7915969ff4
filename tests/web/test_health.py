"""Is it alive, is it ready: readiness names what is missing, with 503; neither asks who is calling."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.bell import Bell
from pooling.kernel.database import Database
from web_client import Browser, stand_on


@pytest.fixture
def queue(data_folder: Path) -> Iterator[EmbeddedValkey]:
    valkey = EmbeddedValkey(data_folder)
    yield valkey
    valkey.stop()


@pytest_asyncio.fixture
async def whole(app: Litestar, queue: EmbeddedValkey) -> AsyncIterator[Litestar]:
    """Everything is there."""
    bell = Bell(queue.url)
    stand_on(app, bell=bell)
    yield app
    await bell.close()


async def asked(app: Litestar, path: str = "/health/ready", **away: object) -> httpx.Response:
    """With this in place of what is there."""
    stand_on(app, **away)
    browser = Browser(app, app.state.services.database)
    answer = await browser.get(path)
    await browser.close()
    return answer


async def test_ready_when_everything_answers(whole: Litestar) -> None:
    answer = await asked(whole)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["missing"]) == ("ready", [])


async def test_a_queue_that_is_away_is_named(whole: Litestar) -> None:
    answer = await asked(whole, bell=Bell("unix:///nowhere/valkey.sock"))
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["missing"]) == ("not ready", ["queue"])


@pytest.mark.parametrize(
    "address", ["postgresql://pooling_app@127.0.0.1:1/pooling", "postgresql://pooling_app@/pooling?host=/nowhere"]
)
async def test_a_database_that_is_away_is_named(whole: Litestar, address: str) -> None:
    away = Database.connect(address)
    answer = await asked(whole, database=away)
    await away.dispose()
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["database", "migrations"]


async def test_a_database_that_does_not_let_us_in_is_named(whole: Litestar, addresses: PostgresAddresses) -> None:
    stranger = Database.connect(addresses.application.replace("pooling_app@", "stranger@"))
    answer = await asked(whole, database=stranger)
    await stranger.dispose()
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["database", "migrations"]


async def test_migrations_that_are_behind_are_named(whole: Litestar, fresh_addresses: PostgresAddresses) -> None:
    connection = await asyncpg.connect(fresh_addresses.owner)
    await connection.execute("UPDATE alembic_version SET version_num = '0000'")
    await connection.close()
    behind = Database.connect(fresh_addresses.application)
    answer = await asked(whole, database=behind)
    await behind.dispose()
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["migrations"]
    assert answer.json()["checks"]["migrations"].startswith("at 0000, ")


async def test_nothing_is_told_that_helps_a_stranger(whole: Litestar) -> None:
    """No address, no password, no version of anything."""
    away = Database.connect("postgresql://pooling_app:secret@127.0.0.1:1/pooling")
    answer = await asked(whole, database=away)
    await away.dispose()
    assert "secret" not in answer.text
    assert "127.0.0.1" not in answer.text


async def test_alive_whatever_is_missing(whole: Litestar) -> None:
    away = Database.connect("postgresql://pooling_app@127.0.0.1:1/pooling")
    answer = await asked(whole, "/health/live", database=away, bell=Bell("unix:///nowhere"))
    await away.dispose()
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})

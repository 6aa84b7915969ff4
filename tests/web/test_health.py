"""Is it alive, is it ready: readiness names what is missing, with 503; neither asks who is calling."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from ground.web import SECRET
from pooling.app import create_app
from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from pooling.web.services import Services
from web_client import Browser


@pytest.fixture
def queue(data_folder: Path) -> Iterator[EmbeddedValkey]:
    valkey = EmbeddedValkey(data_folder)
    yield valkey
    valkey.stop()


@pytest_asyncio.fixture
async def services(
    database: Database, queue: EmbeddedValkey, settings: Settings, clock: FixedClock
) -> AsyncIterator[Services]:
    """Everything is there."""
    bell = Bell(queue.url)
    yield Services(settings=settings, database=database, bell=bell, secret_key=SECRET, clock=clock)
    await bell.close()


async def asked(services: Services, path: str = "/health/ready") -> httpx.Response:
    browser = Browser(create_app(services), services.database)
    answer = await browser.get(path)
    await browser.close()
    return answer


async def test_ready_when_everything_answers(services: Services) -> None:
    answer = await asked(services)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["missing"]) == ("ready", [])


async def test_a_queue_that_is_away_is_named(services: Services) -> None:
    answer = await asked(replace(services, bell=Bell("unix:///nowhere/valkey.sock")))
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["missing"]) == ("not ready", ["queue"])


@pytest.mark.parametrize(
    "address", ["postgresql://pooling_app@127.0.0.1:1/pooling", "postgresql://pooling_app@/pooling?host=/nowhere"]
)
async def test_a_database_that_is_away_is_named(services: Services, address: str) -> None:
    away = Database.connect(address)
    answer = await asked(replace(services, database=away))
    await away.dispose()
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["database", "migrations"]


async def test_a_database_that_does_not_let_us_in_is_named(services: Services, addresses: PostgresAddresses) -> None:
    stranger = Database.connect(addresses.application.replace("pooling_app@", "stranger@"))
    answer = await asked(replace(services, database=stranger))
    await stranger.dispose()
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["database", "migrations"]


async def test_migrations_that_are_behind_are_named(services: Services, fresh_addresses: PostgresAddresses) -> None:
    connection = await asyncpg.connect(fresh_addresses.owner)
    await connection.execute("UPDATE alembic_version SET version_num = '0000'")
    await connection.close()
    behind = Database.connect(fresh_addresses.application)
    answer = await asked(replace(services, database=behind))
    await behind.dispose()
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["migrations"]
    assert answer.json()["checks"]["migrations"].startswith("at 0000, ")


async def test_nothing_is_told_that_helps_a_stranger(services: Services) -> None:
    """No address, no password, no version of anything."""
    away = Database.connect("postgresql://pooling_app:secret@127.0.0.1:1/pooling")
    answer = await asked(replace(services, database=away))
    await away.dispose()
    assert "secret" not in answer.text
    assert "127.0.0.1" not in answer.text


async def test_alive_whatever_is_missing(services: Services) -> None:
    away = Database.connect("postgresql://pooling_app@127.0.0.1:1/pooling")
    answer = await asked(replace(services, database=away, bell=Bell("unix:///nowhere")), "/health/live")
    await away.dispose()
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})

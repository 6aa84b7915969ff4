"""A real Chromium before a real server. Everything runs in the test session's own event loop."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from browser.chromium import FLAGS, NO_CHROMIUM, chromium_path
from browser.served import Served, Server, fill, running_server
from browser.visitor import Examined, Visitors
from ground.database import Clones
from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chromium_path() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        server = EmbeddedValkey(Path(folder))
        yield server.url
        server.stop()


@pytest_asyncio.fixture(scope="session")
async def server(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with running_server(redis_url, tmp_path_factory.mktemp("demonstration")) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def filled(clones: Clones) -> str:
    """The template with the demonstration territory."""
    return await clones.template("pooling_demonstration", fill)


@pytest.fixture
def own_addresses(clones: Clones, filled: str) -> Iterator[PostgresAddresses]:
    made = clones.make(filled, "story")
    yield made
    clones.drop(made)


@pytest_asyncio.fixture
async def demonstration(server: Server, own_addresses: PostgresAddresses) -> AsyncIterator[Served]:
    """A demonstration territory for one story alone, which may change everything in it."""
    async with server.serving(own_addresses.application) as served:
        yield served


@pytest.fixture(scope="session")
def shared_addresses(clones: Clones, filled: str) -> PostgresAddresses:
    return clones.make(filled)


@pytest_asyncio.fixture
async def shared_demonstration(server: Server, shared_addresses: PostgresAddresses) -> AsyncIterator[Served]:
    """One that tests read, and leave as they found it."""
    async with server.serving(shared_addresses.application) as served:
        yield served


@pytest.fixture(scope="session")
def examined() -> Examined:
    """Pages that were looked at closely: one saying the same is looked at once in a run."""
    return Examined()


@pytest_asyncio.fixture
async def visitors(chromium: Browser, examined: Examined) -> AsyncIterator[Visitors]:
    """Opens windows; at the end, no page they met may have complained."""
    visitors = Visitors(chromium, examined)
    yield visitors
    await visitors.close()

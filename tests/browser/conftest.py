"""A real Chromium before a real server. Everything runs in the test session's own event loop."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from browser.chromium import FLAGS, NO_CHROMIUM, chromium_path
from browser.served import Served, served_demonstration
from browser.visitor import Visitors
from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey

if TYPE_CHECKING:
    from conftest import Clones


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


@pytest_asyncio.fixture
async def demonstration(fresh_addresses: PostgresAddresses, redis_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A demonstration territory for one story alone, which may change everything in it."""
    async with served_demonstration(fresh_addresses.application, redis_url, tmp_path) as served:
        yield served


@pytest.fixture(scope="session")
def shared_addresses(clones: "Clones") -> PostgresAddresses:
    return clones.make()


@pytest_asyncio.fixture(scope="session")
async def shared_demonstration(
    shared_addresses: PostgresAddresses, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """One that tests read, and leave as they found it."""
    folder = tmp_path_factory.mktemp("demonstration")
    async with served_demonstration(shared_addresses.application, redis_url, folder) as served:
        yield served


@pytest_asyncio.fixture
async def visitors(chromium: Browser) -> AsyncIterator[Visitors]:
    """Opens windows; at the end, no page they met may have complained."""
    visitors = Visitors(chromium)
    yield visitors
    await visitors.close()

"""The pages in this process, and people signed in to them."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import jinja2
import pytest
import pytest_asyncio
from jinja2 import FileSystemBytecodeCache
from litestar import Litestar

from factories import Territory
from pooling.app import create_app
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from pooling.web import templating
from pooling.web.services import Services
from web_client import Browser, SignIn, stand_on

SECRET = "a secret of the tests, thirty-two characters or more"


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(pytestconfig: pytest.Config) -> None:
    """Each worker finds compiled what another one, or an earlier run, has compiled of the same words. Their settings
    are in the folder's name, since Jinja asks for the words alone.
    """
    settings = f"{jinja2.__version__} {Path(templating.__file__).read_text('utf-8')}"
    kept: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    if kept is None:  # -p no:cacheprovider
        return
    folder = kept.mkdir(f"templates-{hashlib.sha256(settings.encode()).hexdigest()[:12]}")
    templating.environment().bytecode_cache = FileSystemBytecodeCache(str(folder))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, smtp_url="smtp://127.0.0.1:9")  # as in production; nothing delivers here


@pytest.fixture(scope="session")
def application() -> Litestar:
    """Put together once: hundreds of requests later its routes are the same. What changes is in its state."""
    database = Database.connect("postgresql://nowhere/none")
    return create_app(Services(Settings(), database, Bell("unix:///nowhere/valkey.sock"), SECRET))


@pytest.fixture
def app(application: Litestar, database: Database, clock: FixedClock, settings: Settings) -> Iterator[Litestar]:
    before = application.state.services
    stand_on(application, database=database, clock=clock, settings=settings)
    yield application
    application.state.services = before


@pytest_asyncio.fixture
async def visitor(app: Litestar, database: Database) -> AsyncIterator[Browser]:
    """Somebody who is not signed in."""
    browser = Browser(app, database)
    yield browser
    await browser.close()


@pytest_asyncio.fixture
async def sign_in(app: Litestar, database: Database, territory: Territory) -> AsyncIterator[SignIn]:
    """Opens a browser for one of the territory's people, named by e-mail address."""
    opened: list[Browser] = []

    async def enter(email: str) -> Browser:
        browser = Browser(app, database)
        await browser.sign_in(territory.people[email])
        opened.append(browser)
        return browser

    yield enter
    for browser in opened:
        await browser.close()

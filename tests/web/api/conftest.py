from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from litestar import Litestar

from api_client import Connect, Program, token_of
from factories import NOW, Territory
from pooling.accounts.models import TokenScope
from pooling.app import Services, create_app
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings


@pytest.fixture(scope="session")
def application() -> Litestar:
    """Put together once: hundreds of requests later its routes are the same. What changes is in its state."""
    database = Database.connect("postgresql://nowhere/none")
    return create_app(Services(Settings(), database, Bell("unix:///nowhere/valkey.sock"), "x" * 40))


@pytest.fixture
def app(application: Litestar, database: Database, clock: FixedClock, settings: Settings) -> Litestar:
    application.state.update({"database": database, "clock": clock, "settings": settings})
    return application


@pytest_asyncio.fixture
async def connect(app: Litestar, database: Database, territory: Territory) -> AsyncIterator[Connect]:
    """A program that acts as one of the territory's people, with a token made now; `None` has no token."""
    opened: list[Program] = []

    async def enter(email: str | None, *, scope: TokenScope = TokenScope.WRITE, **options: object) -> Program:
        token = None
        if email is not None:
            token = await token_of(
                database,
                territory.people[email],
                territory.group_id,
                NOW,
                scope=scope,
                **options,  # type: ignore[arg-type]
            )
        opened.append(Program(app, token))
        return opened[-1]

    yield enter
    for program in opened:
        await program.close()

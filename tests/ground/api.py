"""The JSON interface and programs with tokens."""

from collections.abc import AsyncIterator

import pytest_asyncio
from litestar import Litestar

from api_client import Connect, Program, token_of
from factories import NOW, Territory
from pooling.accounts.models import TokenScope
from pooling.kernel.database import Database


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

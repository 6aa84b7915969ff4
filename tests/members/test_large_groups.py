"""The pages of members show as much, and ask the database as often, in a group of hundreds as in one of six."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from factories import LUGOS, NOW, Territory
from ground.directory import excerpt
from ground.walk import Statements
from pooling.directory.joining import join_all
from pooling.kernel import database as kernel_database
from pooling.kernel.database import Database
from web_client import Browser, SignIn

PAGES = (
    "/g/bassin/membres",
    f"/g/bassin/membres/{LUGOS}",
    f"/g/bassin/membres/{LUGOS}/retrait",
    "/g/bassin/membres-partis",
    "/g/bassin/personnes",
    "/g/bassin/personnes/invitation",
    "/g/bassin/annuaire?cherche=saint",
    "/g/bassin/fusion",
    "/g/bassin/populations",
)
LONGEST = 400_000
"""Letters of a page, of however many members."""


async def opened(browser: Browser, statements: Statements) -> dict[str, tuple[int, int]]:
    """How many statements each page takes, and how long it is."""
    found = {}
    for page in PAGES:
        start = statements.count
        answer = await browser.get(page)
        assert answer.status_code == 200, page
        found[page] = statements.count - start, len(answer.text)
    return found


@pytest.fixture
def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> Statements:
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    seen = Statements(connection)
    monkeypatch.setattr(kernel_database, "_fetch", seen.seen_by_driver)
    return seen


async def test_pages_of_members_ask_no_more_of_hundreds(
    sign_in: SignIn, database: Database, territory: Territory, statements: Statements
) -> None:
    browser = await sign_in("animation@bassin.example")
    before = await opened(browser, statements)
    async with database.transaction(territory.group_id) as session:
        joined = await join_all(session, [row.siren for row in excerpt()], NOW, by=None)
    assert len(joined.added) > 700
    after = await opened(browser, statements)
    assert {page: statements for page, (statements, _) in after.items()} == {
        page: statements for page, (statements, _) in before.items()
    }
    assert max(length for _, length in after.values()) < LONGEST

"""A filing takes eight statements by form and nine by call, however many members there are."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api_client import API, Connect
from factories import LUGOS, NOW, Territory, open_purchase
from ground.walk import Statements
from pooling.kernel import database as kernel_database
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, add_members
from pooling.purchases.finding import item_ids
from web_client import TOKEN, SignIn

MOST = (9, 10)
"""Who is here and the receipt included, beginnings and ends of transactions not."""
SEEN = re.compile(r'name="seen" value="([^"]*)"')
PAGE = f"/g/bassin/achats/AG-2027-001/besoins/{LUGOS}"
MORE = ("213300056", "213300114", "213300197", "213300510", "213302292", "213302367")


@pytest.fixture
def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> Statements:
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    seen = Statements(connection)
    monkeypatch.setattr(kernel_database, "_fetch", seen.seen_by_driver)
    return seen


async def test_a_filing_takes_few_statements(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect, statements: Statements
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        ids = await item_ids(session, purchase_id)
    browser, program = await sign_in("referent@lugos.example"), await connect("referent@lugos.example")

    async def file(units: int) -> tuple[int, int]:
        shown = await browser.get(PAGE)
        patterns = {"csrf": TOKEN, "seen": SEEN}
        typed = {name: found[1] for name, pattern in patterns.items() if (found := pattern.search(shown.text))}
        typed |= {f"quantite-{ids['arceau']}": str(units), "comment": "Devant l’école"}
        start = statements.count
        answer = await browser.client.post(f"{PAGE}/depot", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303, answer.text
        by_form = statements.count - start
        body = {"state": "filed", "needs": [{"item": "arceau", "quantity": units}]}
        answer = await program.put(f"{API}/purchases/AG-2027-001/declarations/{LUGOS}", body)
        assert answer.status_code == 200, answer.text
        return by_form, statements.count - start - by_form

    await file(2)  # a token's first use is noted
    before = await file(3)
    async with database.transaction(territory.group_id) as session:
        await add_members(session, [MemberIn(code=code, name=f"Commune {code}", population=100) for code in MORE], NOW)
        await session.execute(
            text("INSERT INTO participations (group_id, purchase_id, member_id) "
                 "SELECT p.group_id, p.id, m.id FROM purchases p, members m ON CONFLICT DO NOTHING")
        )  # fmt: skip
        written = await session.scalar(text("SELECT count(*) FROM messages WHERE kind = 'needs_receipt'"))
    assert written == 4, "each has its receipt"
    assert await file(4) == before
    assert before == MOST

"""The big demonstration: what is over is told again, whole, and long lists have what they are to show."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from browser.served import STARTED, connected
from ground.database import Clones
from pooling.demo.big import Size, enlarge
from pooling.demo.running import make_territory
from pooling.embedded.postgres import PostgresAddresses

pytestmark = pytest.mark.browser

HANGS_TOGETHER = (
    # Each purchase that was invoiced still has its shares equal its accepted bills, its titres what is owed.
    """SELECT count(*) FROM purchases p
    JOIN bills b ON b.group_id = p.group_id AND b.purchase_id = p.id AND b.state = 'accepted'
    JOIN allocations a ON a.group_id = p.group_id AND a.purchase_id = p.id
    WHERE (SELECT sum(s.ht + s.vat) FROM allocation_shares s
        WHERE s.group_id = a.group_id AND s.allocation_id = a.id) <> b.ttc_cents""",
    """SELECT count(*) FROM recovery_entries r WHERE r.kind = 'titre' AND NOT EXISTS (
        SELECT FROM allocations a JOIN allocation_debts d ON d.group_id = a.group_id AND d.allocation_id = a.id
        WHERE a.group_id = r.group_id AND a.purchase_id = r.purchase_id AND d.cents = r.cents)""",
    """SELECT count(*) FROM events e WHERE e.subject_kind = 'purchase' AND NOT EXISTS (
        SELECT FROM purchases p WHERE p.group_id = e.group_id AND p.id = e.subject_id)""",
)


@pytest.fixture
def addresses(clones: Clones) -> Iterator[PostgresAddresses]:
    made = clones.make()
    yield made
    clones.drop(made)


async def test_ten_years_in_a_few_statements(addresses: PostgresAddresses) -> None:
    database = connected(addresses.application)
    size = Size(again=2, actions=40, experiences=60)
    await make_territory(database, STARTED, meanwhile=lambda: enlarge(addresses.owner, size))
    async with database.transaction() as session:
        group = (await session.execute(text("SELECT id FROM all_groups()"))).scalar_one()
    async with database.transaction(group) as session:
        counted = [
            await session.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("actions WHERE title LIKE '% – %'", "experiences", "committees WHERE state = 'minuted'")
        ]
        assert counted[1:] == [62, 3 * 8 + 1]
        assert counted[0] == 40 - 8
        again = (
            "SELECT title, count(*), count(DISTINCT reference) FROM purchases WHERE state = 'settled' GROUP BY title"
        )
        assert {tuple(row[1:]) for row in await session.execute(text(again))} == {(3, 3), (1, 1)}
        assert [await session.scalar(text(statement)) for statement in HANGS_TOGETHER] == [0, 0, 0]
    await database.dispose()

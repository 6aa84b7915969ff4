"""The pages of costs run as many statements for one member, charge, subsidy and record as for many."""

from decimal import Decimal

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from factories import BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from pooling.allocation.editing.lines import CHARGES, SUBSIDIES, add_line
from pooling.allocation.editing.schemas import ChargeIn, SubsidyIn
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from web_client import Browser, SignIn

COSTS = "/g/bassin/achats/AG-2027-001/couts"
PAGES = (
    *("", "/frais/nouveau", "/frais/livraison-1", "/frais/livraison-1/suppression", "/cles", "/gel", f"/{LUGOS}"),
    *("/subventions/nouvelle", "/subventions/aide-1", "/subventions/aide-1/suppression", "/etats/1"),
    *("/repartition.csv", "/repartition.json", "/repartition.xlsx", "/etats/1/repartition.json"),
)


async def counted(database: Database, browser: Browser) -> dict[str, int]:
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    counts = {}
    for page in PAGES:
        seen: list[object] = []
        listener = lambda *_: seen.append(None)  # noqa: E731, B023 - removed before the next page
        event.listen(connection.sync_connection, "before_cursor_execute", listener)
        answer = await browser.get(COSTS + page)
        event.remove(connection.sync_connection, "before_cursor_execute", listener)
        assert answer.status_code == 200, page
        counts[page] = len(seen)
    return counts


async def add(database: Database, territory: Territory, purchase_id: int, numbers: range) -> None:
    """So many charges, subsidies and records."""
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW)
        for number in numbers:
            charge = ChargeIn(f"Livraison {number}", 1000 + number, Decimal(20), "equal")
            await add_line(session, buyer, purchase_id, CHARGES, charge, clock)
            aid = SubsidyIn(f"Aide {number}", amount_cents=number)
            await add_line(session, buyer, purchase_id, SUBSIDIES, aid, clock)
            await freeze_allocation(session, buyer, purchase_id, "x", clock)


async def test_more_of_everything_costs_no_more_statements(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW, participants=(LUGOS,))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await add(database, territory, purchase_id, range(1, 2))
    browser = await sign_in(BUYER)
    before = await counted(database, browser)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("INSERT INTO participations (group_id, purchase_id, member_id) SELECT p.group_id, p.id, m.id "
                 "FROM purchases p, members m WHERE m.group_id = p.group_id ON CONFLICT DO NOTHING")
        )  # fmt: skip
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3, abri=2)
    await add(database, territory, purchase_id, range(2, 6))
    assert await counted(database, browser) == before

"""How long orders of 35 000 members and 8 items take, next to the bare limits: `python benchmarks/orders.py`.

Made once as one order of 280 000 lines, once as one for each member; then that long one as PDF and as workbook, as the
worker writes them. The bare limits, in the same run: PostgreSQL copying the lines into a table without a key, asyncpg
fetching them. What is promised is a minute and 500 MB for each.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from current_shares import CODES, FILE_ALL, MEMBERS
from measuring import Row, interleaved
from measuring.server import on_a_server

from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import close_collection, open_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.document_export import DOCUMENTS
from pooling.orders.making import make_orders
from pooling.orders.naming import name_suppliers
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.suppliers.keeping import SupplierIn, add_supplier

ITEMS = 8
LINES = MEMBERS * ITEMS
MINUTE, ROOM = 60.0, 500.0
COPY = "CREATE TABLE copied AS SELECT * FROM order_lines"
FETCH = "SELECT * FROM order_lines l JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id"


async def prepare(database: Database, owner: asyncpg.Connection) -> tuple[Caller, int]:
    """A group whose purchase is consolidated and awarded to one supplier: its lead buyer and the purchase's id."""
    now, clock = datetime.now(UTC), SystemClock()
    async with database.transaction() as session:
        group_id = await create_group(session, name="Grand groupe", now=now)
    async with database.transaction(group_id) as session:
        members = [MemberIn(code=code, name=f"Commune {code}", population=50 + n) for n, code in enumerate(CODES)]
        await add_members(session, members, now)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal("9.99"))
            for number in range(ITEMS)
        )
        bought = PurchaseIn(title="Grand achat", lead_member=CODES[0], items=items)
        purchase = await add_purchase(session, bought, now, None)
        buyer = Caller(0, group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
        await open_collection(session, buyer, purchase.id, now + timedelta(days=1), clock)
    await owner.execute(FILE_ALL)
    await owner.execute(
        "INSERT INTO sites (group_id, member_id, name, sort_key, street, postcode, city, contact, opening_hours, "
        "is_main, created_at) SELECT group_id, id, 'Mairie', 'mairie', '1 place', '33000', name, '', '', true, now() "
        "FROM members"
    )
    await owner.execute("ANALYZE")
    async with database.transaction(group_id) as session:
        await close_collection(session, buyer, purchase.id, clock, reason="Tout est là")
        await freeze_consolidation(session, buyer, purchase.id, clock, options={})
        supplier = await add_supplier(session, buyer, SupplierIn(name="Cycles", siret="99990000400014"), now)
        await name_suppliers(session, buyer, purchase.id, {item.code: supplier.id for item in items}, now)
    await owner.execute("ANALYZE")
    return buyer, purchase.id


async def rows(addresses: PostgresAddresses, _: Path) -> list[Row]:
    """All of this file, on a server of its own."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    buyer, purchase = await prepare(database, owner)

    async def make() -> None:
        async with database.transaction(buyer.group_id) as session:
            await make_orders(session, buyer, purchase, SystemClock())

    async def each(mandate: str) -> None:
        await owner.execute("DELETE FROM procurement_plans")
        await owner.execute(
            "INSERT INTO procurement_plans (group_id, purchase_id, family, options_cents, renewals, procedure, "
            "mandate, environment) VALUES ($1, $2, '', 0, 0, '', $3, '')",
            *(buyer.group_id, purchase, mandate),
        )
        await make()

    async def copy() -> None:
        await owner.execute("DROP TABLE IF EXISTS copied")
        await owner.execute(COPY)

    async def fetched() -> None:
        await owner.fetch(FETCH)

    async def written(kind: str) -> None:
        terms: dict[str, Any] = {"purchase": purchase, "order": order, "format": kind}
        async with database.transaction(buyer.group_id) as session:
            prepared = await DOCUMENTS.prepare(session, terms, datetime.now(UTC))
        assert len(await asyncio.to_thread(prepared.write, lambda _: None)) > 10_000  # noqa: PLR2004

    kept: dict[str, Any] = {"more": MINUTE, "room": ROOM, "rounds": 1}
    await each("procedure_only")
    found = [await interleaved("35 000 orders of 8 lines made again", make, copy, 1, **kept)]
    await each("full")
    found.append(await interleaved("one order of 280 000 lines made again", make, copy, 1, **kept))
    assert await owner.fetchval("SELECT count(*) FROM order_lines") == LINES
    async with database.transaction(buyer.group_id) as session:
        order = (await session.execute(text("SELECT min(id) FROM orders"))).scalar_one()
    found.append(await interleaved("its PDF, summed up", lambda: written("pdf"), fetched, 1, **kept))
    found.append(await interleaved("its workbook", lambda: written("xlsx"), fetched, 1, **kept))
    await owner.close()
    await database.dispose()
    return found


def measure() -> list[Row]:
    return on_a_server(rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)

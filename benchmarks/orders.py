"""How long orders of 2 500 members and 8 items take, next to the bare limits: `python benchmarks/orders.py [MEMBERS]`.

Made once as one for each member, which are then marked as sent, once as one order of 20 000 lines; then that one as PDF
and as workbook, as the worker writes them, and all its lines received by a file, which is read, then kept. The bare
limits, in the same run: PostgreSQL copying the lines into a table without a key, asyncpg fetching them. A minute and
500 MB are promised for each of 35 000 members, so many a share of it, and no less than 100 MB. Members and what they
declare are rows that PostgreSQL copies from the first one's.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.current_shares import CODES, FILE_ALL
from benchmarks.measuring import Promise, Row, Work, measured
from benchmarks.measuring.server import World, in_a_world
from pooling.accounts.people import ensure_people
from pooling.embedded.postgres import PostgresAddresses
from pooling.exports.kinds import Gathering
from pooling.features import FEATURES
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.kernel.files import Upload
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import close_collection, open_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.document_export import DOCUMENTS
from pooling.orders.making import lock_ordering, make_orders, require_fresh
from pooling.orders.naming import name_suppliers
from pooling.orders.sending import lock_waiting, note_sent, say_sent
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.receipts.lists.keeping import keep_list
from pooling.receipts.lists.kind import Step, terms_of
from pooling.receipts.lists.reading import read_list
from pooling.receipts.lists.sending import let_through, send_list
from pooling.receipts.lists.template_file import lines_due, write_template
from pooling.suppliers.keeping import SupplierIn, add_supplier

MEMBERS, ITEMS = 2_500, 8
PROMISED, ROOM, LEAST_ROOM = 60 / 35_000, 500 / 35_000, 100.0
"""Seconds and megabytes for each member; some memory is of the program."""
COPY = "CREATE TABLE copied AS SELECT * FROM order_lines"
FETCH = "SELECT * FROM order_lines l JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id"


EVERYBODY = """
    INSERT INTO members OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(m, jsonb_build_object('id', m.id + n, 'code', o.code,
        'name', 'Commune ' || o.code, 'sort_key', 'commune ' || o.code))).*
    FROM members m, unnest($1::text[]) WITH ORDINALITY AS o (code, n)"""
TAKE_PART = """
    INSERT INTO participations
    SELECT (jsonb_populate_record(p, jsonb_build_object('member_id', m.id, 'budget_id', NULL))).*
    FROM participations p JOIN members m ON m.group_id = p.group_id AND m.id <> p.member_id"""
SEATS = """
    INSERT INTO sites (group_id, member_id, name, sort_key, street, postcode, city, contact, opening_hours, is_main,
        created_at)
    SELECT group_id, id, 'Mairie', 'mairie', '1 place', '33000', name, '', '', true, now() FROM members"""


async def make(addresses: PostgresAddresses, members: int) -> tuple[int, int, int]:
    """A group whose purchase is consolidated and awarded to one supplier: the ids of group, lead buyer and purchase."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    now, clock = datetime.now(UTC), SystemClock()
    async with database.transaction() as session:
        group_id = await create_group(session, name="Grand groupe", now=now)
        people = await ensure_people(session, [("achats@grand.example", "Achats", "")], now)
    async with database.transaction(group_id) as session:
        await add_members(session, [MemberIn(code=CODES[0], name=f"Commune {CODES[0]}", population=50)], now)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal("9.99"))
            for number in range(ITEMS)
        )
        bought = PurchaseIn(title="Grand achat", lead_member=CODES[0], items=items)
        purchase = await add_purchase(session, bought, now, None)
        buyer = buyer_of(people["achats@grand.example"], group_id, purchase.id)
        await open_collection(session, buyer, purchase.id, now + timedelta(days=1), clock)
    await owner.execute(EVERYBODY, CODES[1:members])
    for statement in (TAKE_PART, FILE_ALL, SEATS):
        await owner.execute(statement)
    await owner.execute("ANALYZE")
    async with database.transaction(group_id) as session:
        await close_collection(session, buyer, purchase.id, clock, reason="Tout est là")
        await freeze_consolidation(session, buyer, purchase.id, clock, options={})
        supplier = await add_supplier(session, buyer, SupplierIn(name="Cycles", siret="99990000400014"), now)
        await name_suppliers(session, buyer, purchase.id, {item.code: supplier.id for item in items}, now)
    await owner.execute("ANALYZE")
    await owner.close()
    await database.dispose()
    return group_id, buyer.person_id, purchase.id


def world(members: int = MEMBERS) -> World:
    return World(f"orders_{members}", partial(make, members=members))


WORLDS = (world(),)


def buyer_of(person: int, group: int, purchase: int) -> Caller:
    return Caller(person, group, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase),))


async def order(database: Database, buyer: Caller, purchase: int) -> None:
    async with database.transaction(buyer.group_id) as session:
        await make_orders(session, buyer, purchase, SystemClock())


async def mark_sent(database: Database, buyer: Caller, purchase: int, members: int) -> None:
    """All that wait; taken back, for they are to be made as one."""
    async with database.transaction(buyer.group_id) as session:
        locked = await lock_ordering(session, buyer, purchase)
        waiting = await lock_waiting(session, purchase, None)
        await require_fresh(session, purchase)
        await note_sent(session, buyer, locked, [order for order, _ in waiting], SystemClock(), "Autrement")
        await session.rollback()
    assert len(waiting) == members


async def rows(addresses: PostgresAddresses, _: Path, made: tuple[int, int, int], members: int) -> list[Row]:
    """All of this file."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    group, person, purchase = made
    buyer = buyer_of(person, group, purchase)
    whose = database, buyer, purchase
    count, room = members * ITEMS, max(LEAST_ROOM, members * ROOM)

    async def each(mandate: str) -> None:
        await owner.execute("DELETE FROM procurement_plans")
        await owner.execute(
            "INSERT INTO procurement_plans (group_id, purchase_id, family, options_cents, renewals, procedure, "
            "mandate, environment) VALUES ($1, $2, '', 0, 0, '', $3, '')",
            *(buyer.group_id, purchase, mandate),
        )
        await order(*whose)

    async def copy() -> None:
        await owner.execute("DROP TABLE IF EXISTS copied")
        await owner.execute(COPY)

    async def fetched() -> None:
        await owner.fetch(FETCH)

    async def written(kind: str) -> None:
        terms: dict[str, Any] = {"purchase": purchase, "order": first, "format": kind}
        async with database.transaction(buyer.group_id) as session:
            prepared = await DOCUMENTS.prepare(session, terms, datetime.now(UTC))
        assert len(await asyncio.to_thread(prepared.write, lambda _: None)) > 10_000  # noqa: PLR2004

    def promise(name: str, ours: Work, bare: Work) -> Promise:
        return Promise(name, ours, bare, 1, more=members * PROMISED, room=room)

    await each("procedure_only")
    found = await measured(
        promise(f"{members} orders of {ITEMS} lines made again", partial(order, *whose), copy),
        promise("they are marked as sent", partial(mark_sent, *whose, members), copy),
    )
    await each("full")
    found += await measured(promise(f"one order of {count} lines made again", partial(order, *whose), copy))
    assert await owner.fetchval("SELECT count(*) FROM order_lines") == count
    async with database.transaction(buyer.group_id) as session:
        first = (await session.execute(text("SELECT min(id) FROM orders"))).scalar_one()
    found += await measured(
        promise("its PDF, summed up", partial(written, "pdf"), fetched),
        promise("its workbook", partial(written, "xlsx"), fetched),
    )
    await owner.execute("DELETE FROM procurement_plans")  # that nobody deliberated on stands against sending
    received = Received(database, owner, buyer, purchase)
    await received.prepare()
    found += await measured(
        promise("all its lines read from a file", received.read, fetched),
        promise("all its lines kept as received", received.keep, fetched),
        before={received.read: received.send, received.keep: received.let_through},
    )
    assert await owner.fetchval("SELECT count(*) FROM receipt_lines") == count
    await owner.close()
    await database.dispose()
    return found


class Received:
    """What the worker does of a file with all lines, as the template gives it, each unit there."""

    def __init__(self, database: Database, owner: asyncpg.Connection, buyer: Caller, purchase: int) -> None:
        self.database, self.owner, self.buyer, self.purchase = database, owner, buyer, purchase
        self.file, self.list = Upload("livraison.csv", b""), 0

    async def prepare(self) -> None:
        """The order has left."""
        async with self.database.transaction(self.buyer.group_id) as session:
            await say_sent(session, self.buyer, self.purchase, SystemClock(), how="Autrement")
            lines = await lines_due(session, self.purchase)
        heading, *rows = write_template("csv", "Grand achat", lines).decode("utf-8-sig").splitlines()
        filled = [";".join([*(cells := row.split(";"))[:9], cells[8], *cells[10:]]) for row in rows]
        self.file = Upload("livraison.csv", "\r\n".join([heading, *filled]).encode())

    async def send(self) -> None:
        """For the first time: nothing is there of what was received before."""
        await self.owner.execute("TRUNCATE receipts, receipt_lists CASCADE")
        await self.owner.execute("UPDATE purchases SET state = 'ordered'")
        now = datetime.now(UTC)
        async with self.database.transaction(self.buyer.group_id) as session:
            self.list = (await send_list(session, self.buyer, self.purchase, self.file, now.date(), now)).id

    async def read(self) -> None:
        await read_list(self._work(Step.READ))

    async def let_through(self) -> None:
        now = datetime.now(UTC)
        async with self.database.transaction(self.buyer.group_id) as session:
            await let_through(session, self.buyer, self.purchase, self.list, now, insistence=None)

    async def keep(self) -> None:
        await keep_list(self._work(Step.KEEP))

    def _work(self, step: Step) -> Gathering:
        terms = {**terms_of(self.purchase, self.list, step), "doubts": []}
        return Gathering(self.database, self.buyer.group_id, 0, self.buyer.person_id, terms, SystemClock(), _told)


async def _told(done: int, total: int) -> None:
    """Nobody looks."""


def measure(members: int = MEMBERS) -> list[Row]:
    return in_a_world(world(members), partial(rows, members=members))


if __name__ == "__main__":
    asked = int(sys.argv[1]) if sys.argv[1:] else MEMBERS
    sys.exit(0 if all(row.kept for row in measure(asked)) else 1)

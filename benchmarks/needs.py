"""How fast the pages and the freezing of many needs are, next to bare SQL: `python benchmarks/needs.py [FROZEN]`.

35 000 members have filed 8 items each of one purchase: 280 000 needs; what is frozen is declared by a quarter of them,
or by as many as are asked for. A page is a whole request of its lead buyer in process (session, rights, statements,
HTML), without a socket. The bare limits, in the same run, one after the other, are asyncpg as a superuser, past
row-level security: they leave out who asks and whether it may, and the page.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum import luhn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Promise, Row, measured
from benchmarks.measuring.server import World, in_worlds
from pooling.accounts.people import ensure_people
from pooling.accounts.sessions import open_session
from pooling.app import create_app
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.bell import Bell
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.granting import grant_role
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import close_collection, open_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn, TierIn
from pooling.settings import Settings
from pooling.web.security import SESSION_COOKIE
from pooling.web.services import Services

MEMBERS, FROZEN, ITEMS = 35_000, 8_750, 8
EMAIL = "acheteur@grand.example"
CODES = [body + luhn.calc_check_digit(body) for body in (f"2{number:07d}" for number in range(MEMBERS))]
FILE_ALL = """
    WITH filed AS (
        INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, filed_at)
        SELECT group_id, purchase_id, member_id, 'filed', '', now(), now() FROM participations RETURNING *)
    INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
    SELECT f.group_id, f.id, i.id, 1 + f.id % 7, 1 + f.id % 7 + f.id % 3, now() + f.id % 1009 * interval '1 second'
    FROM filed f JOIN items i USING (group_id)"""
TOTALS = """
    SELECT n.item_id, sum(n.quantity), sum(n.up_to), count(*) FROM needs n
    JOIN declarations d ON d.group_id = n.group_id AND d.id = n.declaration_id
    WHERE d.group_id = $1 AND d.purchase_id = $2 AND d.state = 'filed' GROUP BY n.item_id"""


@dataclass
class Ground:
    """What is measured on: one large purchase, its lead buyer, and the tables' owner."""

    database: Database
    owner: asyncpg.Connection
    group: int
    purchase: int
    buyer: Caller


async def make(addresses: PostgresAddresses, members: int) -> tuple[int, int, int, str]:
    """The ids of the group, its purchase and the buyer, and the purchase's reference."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        group = await create_group(session, name="Grand", now=now)
        person = (await ensure_people(session, [(EMAIL, "", "")], now))[EMAIL]
    async with database.transaction(group) as session:
        communes = [
            MemberIn(code=code, name=f"Commune {code}", population=50 + n) for n, code in enumerate(CODES[:members])
        ]
        await add_members(session, communes, now)
        await grant_role(session, person, Role.READER, now)
    async with database.transaction(group) as session:
        command = PurchaseIn(title="Grand achat", lead_member=CODES[0], items=_items())
        purchase = await add_purchase(session, command, now, None)
        await grant_role(session, person, Role.LEAD_BUYER, now, purchase_id=purchase.id)
        await open_collection(
            session, buyer_of(person, group, purchase.id), purchase.id, now + timedelta(days=1), SystemClock()
        )
    await owner.execute(FILE_ALL)
    await owner.execute("ANALYZE")
    await owner.close()
    await database.dispose()
    return group, purchase.id, person, purchase.reference


def world(members: int = MEMBERS) -> World:
    return World(f"needs_{members}", partial(make, members=members))


WORLDS = (world(), world(FROZEN))


def buyer_of(person: int, group: int, purchase: int) -> Caller:
    return Caller(person, group, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase),))


@asynccontextmanager
async def ground(addresses: PostgresAddresses, made: tuple[int, int, int, str]) -> AsyncIterator[Ground]:
    """What `make` made."""
    group, purchase, person, _ = made
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    yield Ground(database, owner, group, purchase, buyer_of(person, group, purchase))
    await owner.close()
    await database.dispose()


def _items() -> tuple[ItemIn, ...]:
    return tuple(
        ItemIn(
            code=f"article-{number}",
            name=f"Article {number}",
            unit_price=Decimal(10),
            pack=10,
            tiers=(TierIn(from_quantity=150_000, unit_price=Decimal(9)),),
        )
        for number in range(ITEMS)
    )


@asynccontextmanager
async def browsing(on: Ground, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that the lead buyer is signed in to."""
    services = Services(Settings(data_dir=folder), on.database, Bell("unix:///nowhere/valkey.sock"), "a secret " * 5)
    async with on.database.transaction() as session:
        token = await open_session(session, on.buyer.person_id, datetime.now(UTC))
    transport = httpx.ASGITransport(app=cast("Any", create_app(services)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as browser:
        browser.cookies.set(SESSION_COOKIE, token, domain="127.0.0.1")
        yield browser


async def pages(on: Ground, browser: httpx.AsyncClient, purchase: str) -> list[Row]:
    """Of the lead buyer; `purchase` is its reference."""

    async def get(path: str) -> None:
        answer = await browser.get(f"/g/grand/achats/{purchase}{path}")
        assert answer.is_success, (path, answer.status_code)

    async def totals() -> None:
        await on.owner.fetch(TOTALS, on.group, on.purchase)

    for path in ("/consolidation", "/besoins", "/consolidation/article-3"):  # templates and statements are ready then
        await get(path)
    return await measured(
        Promise("consolidation page, 280 000 needs", lambda: get("/consolidation"), totals, 1.8),
        Promise("needs page", lambda: get("/besoins"), totals, 2),
        Promise("one item’s page", lambda: get("/consolidation/article-3"), totals, 3, patience=0.05),
    )


SAME = """
    INSERT INTO {table} (group_id, consolidation_id, item_id, member_id, quantity)
    SELECT n.group_id, {record}, n.item_id, d.member_id, sum(n.quantity) FROM needs n
    JOIN declarations d ON d.group_id = n.group_id AND d.id = n.declaration_id
    WHERE d.group_id = $1 AND d.purchase_id = $2 AND d.state = 'filed' GROUP BY n.group_id, n.item_id, d.member_id"""
ANY_RECORD = """
    INSERT INTO consolidations (group_id, purchase_id, number, frozen_at, result, options, details, reason)
    VALUES ($1, $2, 1, now(), '{}', '{}', '{}', '') RETURNING id"""

CONSOLIDATED = """
    INSERT INTO consolidated_items (group_id, consolidation_id, item_id)
    SELECT group_id, {record}, id FROM items WHERE group_id = $1 AND purchase_id = $2"""


async def freezing(on: Ground, members: int) -> list[Row]:
    """Beside the same rows grouped and inserted: into a table with the same columns,
    constraints and indexes, and into the table itself, whose two foreign keys PostgreSQL checks row by row.
    """
    async with on.database.transaction(on.group) as session:
        await close_collection(session, on.buyer, on.purchase, SystemClock(), reason="Tous ont répondu")
    await on.owner.execute("CREATE TABLE bare_assignments (LIKE assignments INCLUDING ALL)")

    async def ours() -> None:
        async with undone(on) as session:
            await freeze_consolidation(session, on.buyer, on.purchase, SystemClock(), options={})

    async def without_keys() -> None:
        await rolled_back(on, SAME.format(table="bare_assignments", record=1))

    async def with_keys() -> None:
        async with on.owner.transaction():
            record = await on.owner.fetchval(ANY_RECORD, on.group, on.purchase)
            await on.owner.execute(CONSOLIDATED.format(record=record), on.group, on.purchase)
            await rolled_back(on, SAME.format(table="assignments", record=record))
            await on.owner.execute("DELETE FROM consolidated_items")
            await on.owner.execute("DELETE FROM consolidations")

    count = f"{members * ITEMS:,}".replace(",", "\u00a0")
    return await measured(
        Promise(f"freezing, {count} needs", ours, without_keys, 3),
        Promise("freezing, beside its foreign keys", ours, with_keys, 1.5),
    )


@asynccontextmanager
async def undone(on: Ground) -> AsyncIterator[AsyncSession]:
    """A transaction of the application that leaves nothing, so that every round meets the same rows."""
    with suppress(_Undo):
        async with on.database.transaction(on.group) as session:
            yield session
            raise _Undo


class _Undo(Exception):
    pass


async def rolled_back(on: Ground, statement: str) -> None:
    with suppress(_Undo):
        async with on.owner.transaction():
            await on.owner.execute(statement, on.group, on.purchase)
            raise _Undo


async def rows(
    places: Sequence[PostgresAddresses], folder: Path, made: Sequence[tuple[int, int, int, str]], frozen: int
) -> list[Row]:
    """All of this file."""
    async with ground(places[0], made[0]) as on, browsing(on, folder) as browser:
        found = await pages(on, browser, made[0][3])
    async with ground(places[1], made[1]) as on:
        return found + await freezing(on, frozen)


def measure(frozen: int = FROZEN) -> list[Row]:
    return in_worlds((world(), world(frozen)), partial(rows, frozen=frozen))


if __name__ == "__main__":
    asked = int(sys.argv[1]) if sys.argv[1:] else FROZEN
    sys.exit(0 if all(row.kept for row in measure(asked)) else 1)

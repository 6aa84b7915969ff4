"""How fast a needs file comes in, next to a bare COPY of the same rows: `python benchmarks/imports.py`.

A file of 35 000 lines (4 375 members × 8 items) is read, checked and filed in one transaction of the application's
role, through row-level security; then a second time over what stands. The bare limit, in the same run: asyncpg copying
the same rows, as the superuser, into a table with the same columns, constraints and indexes.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
from stdnum import luhn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres, PostgresAddresses
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.kernel.migrations import migrate
from pooling.members.adding import Role
from pooling.members.groups import create_group
from pooling.members.importing import import_members, read_members
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.needs.importing import import_needs, read_needs
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn

MEMBERS, ITEMS = 4_375, 8
LINES = MEMBERS * ITEMS
LONGEST = 30.0
"""The promise, in seconds."""


def sirens(count: int) -> list[str]:
    """Distinct numbers with their check digit."""
    return [body + luhn.calc_check_digit(body) for body in (f"2133{number:04d}" for number in range(count))]


def write_files(folder: Path) -> tuple[Path, Path]:
    codes = sirens(MEMBERS)
    members, needs = folder / "membres.csv", folder / "besoins.csv"
    members.write_text("siren;nom\n" + "".join(f"{code};Commune {code}\n" for code in codes), "utf-8")
    lines = (f"{code};article-{item};{item + 1}\n" for code in codes for item in range(ITEMS))
    needs.write_text("membre;article;quantité\n" + "".join(lines), "utf-8")
    return members, needs


async def timed(label: str, work: Callable[[], Awaitable[Any]]) -> float:
    start = time.perf_counter()
    await work()
    seconds = time.perf_counter() - start
    print(f"{label:<58}{seconds:8.2f} s")
    return seconds


async def prepare(database: Database, members: Path) -> tuple[int, str]:
    """A group with its members and an open purchase: its group's id and its reference."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        group_id = await create_group(session, name="Grand groupe", now=now)

    async def add() -> None:
        async with database.transaction(group_id) as session:
            added, bad = await import_members(session, read_members(members), now)
            assert (added, bad) == (MEMBERS, [])

    await timed(f"{MEMBERS} members", add)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal(10))
            for number in range(ITEMS)
        )
        command = PurchaseIn(title="Grand achat", lead_member=sirens(1)[0], items=items)
        purchase = await add_purchase(session, command, now, None)
        buyer = Caller(0, group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
        await open_collection(session, buyer, purchase.id, now + timedelta(days=1), SystemClock())
        return group_id, purchase.reference


async def measure(addresses: PostgresAddresses, folder: Path) -> None:
    members, needs = write_files(folder)
    database = Database.connect(addresses.application)
    group_id, reference = await prepare(database, members)

    async def file_all() -> None:
        lines = read_needs(needs)
        async with database.transaction(group_id) as session:
            assert await import_needs(session, reference, lines, SystemClock()) == (LINES, [])

    first = await timed(f"{LINES} lines read, checked and filed", file_all)
    again = await timed("the same file over what stands", file_all)
    await database.dispose()
    connection = await asyncpg.connect(addresses.superuser)
    rows = await connection.fetch("SELECT * FROM needs")
    await connection.execute("CREATE TABLE bare (LIKE needs INCLUDING ALL)")
    records = [tuple(row) for row in rows]
    bare = await timed("bare limit: asyncpg COPY of the same rows", lambda: copy(connection, records))
    await connection.close()
    print(f"{'first / bare':<58}{first / bare:8.1f} ×")
    print(f"{'again / bare':<58}{again / bare:8.1f} ×")
    kept = first < LONGEST and again < LONGEST
    print("ok      " if kept else "MISSED  ", f"{LINES} lines within {LONGEST:.0f} s", sep="")
    sys.exit(0 if kept else 1)


async def copy(connection: asyncpg.Connection, records: list[tuple[Any, ...]]) -> None:
    await connection.copy_records_to_table("bare", records=records)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            addresses = server.prepare()
            migrate(addresses.owner, APPLICATION)
            asyncio.run(measure(addresses, Path(folder)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()

"""How fast a needs file comes in, next to a bare COPY of the same rows: `python benchmarks/imports.py [MEMBERS]`.

A file of 66 000 lines (8 250 members × 8 items; as many members as are asked for) is read, checked and filed in one
transaction of the application's role, through row-level security; then a second time over what stands. The bare limits,
one beside the other in the same run: asyncpg copying the same rows as a superuser into a table with the same columns,
checks and indexes; and into the table itself, with a declaration for each member, whose foreign keys PostgreSQL checks
row by row. They leave out the file, its faults, the order of arrival and the trace.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from stdnum import luhn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Promise, Row, measured
from benchmarks.measuring.server import World, in_a_world
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.needs.importing import import_needs, read_needs
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn

MEMBERS, ITEMS = 8_250, 8
DECLARE = """
    INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, filed_at)
    SELECT group_id, purchase_id, member_id, 'filed', '', now(), now() FROM participations RETURNING member_id, id"""


def sirens(count: int) -> list[str]:
    """Distinct numbers with their check digit."""
    return [body + luhn.calc_check_digit(body) for body in (f"213{number:05d}" for number in range(count))]


def write_file(folder: Path, members: int) -> Path:
    needs = folder / "besoins.csv"
    lines = (f"{code};article-{item};{item + 1}\n" for code in sirens(members) for item in range(ITEMS))
    needs.write_text("membre;article;quantité\n" + "".join(lines), "utf-8")
    return needs


async def make(addresses: PostgresAddresses, members: int) -> tuple[int, str]:
    """A group with its members and an open purchase: its group's id and its reference."""
    database, now = Database.connect(addresses.application).handing(Features(FEATURES)), datetime.now(UTC)
    communes = [MemberIn(code=code, name=f"Commune {code}") for code in sirens(members)]
    async with database.transaction() as session:
        group_id = await create_group(session, name="Grand groupe", now=now)
    async with database.transaction(group_id) as session:
        await add_members(session, communes, now)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal(10))
            for number in range(ITEMS)
        )
        command = PurchaseIn(title="Grand achat", lead_member=sirens(1)[0], items=items)
        purchase = await add_purchase(session, command, now, None)
        buyer = Caller(0, group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
        await open_collection(session, buyer, purchase.id, now + timedelta(days=1), SystemClock())
    await database.dispose()
    return group_id, purchase.reference


def world(members: int = MEMBERS) -> World:
    return World(f"imports_{members}", partial(make, members=members))


WORLDS = (world(),)


async def rows(addresses: PostgresAddresses, folder: Path, made: tuple[int, str], members: int) -> list[Row]:
    """All of this file."""
    group_id, reference = made
    needs, count = write_file(folder, members), members * ITEMS
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    await owner.execute("CREATE TABLE bare_needs (LIKE needs INCLUDING ALL)")
    for table in ("needs", "declarations"):
        # As `empty` leaves them, whoever looks at them while a file comes in takes them for empty, and each key is then
        # checked by reading them all.
        await owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    await owner.execute("ANALYZE")
    ids = [record["id"] for record in await owner.fetch("SELECT id FROM items ORDER BY id")]
    now = datetime.now(UTC)

    async def ours() -> None:
        lines = read_needs(needs)
        async with database.transaction(group_id) as session:
            assert await import_needs(session, reference, lines, SystemClock()) == (count, [])

    def filed(declarations: Sequence[int]) -> list[tuple[Any, ...]]:
        return [(group_id, one, item, place, place, now) for one in declarations for place, item in enumerate(ids, 1)]

    async def without_keys() -> None:
        await owner.copy_records_to_table("bare_needs", records=filed(range(members)))

    async def with_keys() -> None:
        declared = await owner.fetch(DECLARE)
        await owner.copy_records_to_table("needs", records=filed([record["id"] for record in declared]))

    again, settled, emptied = partial(ours), partial(settle, owner), partial(empty, owner)
    found = await measured(
        Promise(f"import of {count:,} needs".replace(",", "\u00a0"), ours, without_keys, 4),
        Promise("import, beside its foreign keys", ours, with_keys, 2),
        Promise("the same file over what stands", again, without_keys, 8),
        before={without_keys: emptied, with_keys: emptied, ours: emptied, again: settled},
    )
    await owner.close()
    await database.dispose()
    return found


async def settle(owner: asyncpg.Connection) -> None:
    for table in ("needs", "declarations"):
        await owner.execute(f"VACUUM ANALYZE {table}")


async def empty(owner: asyncpg.Connection) -> None:
    """Nothing is left of what was done before, nor its dead rows."""
    await owner.execute("TRUNCATE bare_needs")
    await owner.execute("DELETE FROM needs")
    await owner.execute("DELETE FROM declarations")
    await settle(owner)


def measure(members: int = MEMBERS) -> list[Row]:
    return in_a_world(world(members), partial(rows, members=members))


if __name__ == "__main__":
    asked = int(sys.argv[1]) if sys.argv[1:] else MEMBERS
    sys.exit(0 if all(row.kept for row in measure(asked)) else 1)

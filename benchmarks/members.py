"""How fast the whole country joins a group, next to a bare COPY of the same rows: `python benchmarks/members.py`.

The 36 130 authorities of the directory are checked and written in one transaction of the application's role, each with
its event; the bare limit is asyncpg copying them as a superuser into a table with the same columns, checks and indexes.
It leaves out what the lines say wrongly, those who are members already, and the trace.
"""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Row, interleaved
from benchmarks.measuring.server import on_a_server
from pooling.directory.reading import PACKAGED, read_authorities
from pooling.embedded.postgres import PostgresAddresses
from pooling.kernel.database import Database
from pooling.kernel.list_reading import Line
from pooling.kernel.text import sort_key
from pooling.members.groups import create_group
from pooling.members.importing import import_members

COLUMNS = ("group_id", "id", "kind", "code", "name", "sort_key", "category", "insee", "population", "created_at")


class _Undo(Exception):
    pass


async def rows(addresses: PostgresAddresses, _: Path) -> list[Row]:
    database, owner = Database.connect(addresses.application), await asyncpg.connect(addresses.superuser)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        group_id = await create_group(session, name="Tout le pays", now=now)
    await owner.execute("CREATE TABLE bare_members (LIKE members INCLUDING ALL)")
    authorities = list(read_authorities(PACKAGED))
    lines = [
        Line.of(
            number, {"code": row.siren, "name": row.name, "insee": row.insee or "", "population": str(row.population)}
        )
        for number, row in enumerate(authorities, start=2)
    ]
    written: list[tuple[Any, ...]] = [
        (group_id, number, "legal_entity", row.siren, row.name, sort_key(row.name), "", row.insee, row.population, now)
        for number, row in enumerate(authorities)
    ]

    async def ours() -> None:
        with suppress(_Undo):
            async with database.transaction(group_id) as session:
                assert await import_members(session, lines, now) == (len(lines), 0, [])
                raise _Undo

    async def bare() -> None:
        with suppress(_Undo):
            async with owner.transaction():
                await owner.copy_records_to_table("bare_members", columns=COLUMNS, records=written)
                raise _Undo

    found = [await interleaved(f"members: {len(lines):,} by list", ours, bare, WANTED)]
    await owner.close()
    await database.dispose()
    return found


WANTED = 15
"""Each member has an event beside it, in a chain of hashes that COPY knows nothing of."""


def measure() -> list[Row]:
    return on_a_server(rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)

"""How long the lead buyer waits to close while filings keep coming: `python benchmarks/closing.py`.

Two hundred référents of as many members file over 32 connections, again and again until the collection is closed, at
one web process and at two. In every round, what was accepted is what is stored, and nothing is filed after the close.
The first round of each number of processes is held to that too, and its times are printed apart: one of them has just
begun, and loads what a filing needs. There is no bare side: the promise is a second to close and 0.6 s for all but one
filing in twenty.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.filing import WORLDS, Filer, Ground, Round, Server, ground_of, message, started
from benchmarks.measuring import Row
from benchmarks.measuring.server import in_a_world
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.members.features import Features
from pooling.members.granting import grant_role
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import reopen_collection

FILERS, CONNECTIONS, PROCESSES, ROUNDS = 200, 32, 2, 5
BEFORE = 1.0
"""Seconds of filing before somebody closes."""
CLOSED, FILED, OVERLOADED = 409, 200, 503


@dataclass
class Seen:
    """What one round told those who took part."""

    accepted: dict[int, int] = field(default_factory=dict)
    """The last quantity that was accepted, by member id."""
    took: list[float] = field(default_factory=list)
    closing: float = 0.0


class Storm:
    """Everybody files, each for its own member, one quantity more every time, until they are refused."""

    def __init__(self, ground: Ground, servers: Sequence[Server]) -> None:
        self.ground = ground
        self.servers = servers
        self.numbers: Iterator[int] = count(1)

    async def round(self, buyer: Filer) -> Seen:
        seen = Seen()
        filing = [
            asyncio.create_task(self._file(place, seen, self.servers[place % len(self.servers)]))
            for place in range(CONNECTIONS)
        ]
        await asyncio.sleep(BEFORE)
        path = f"/api/v1/groups/mesure/purchases/{self.ground.reference}/closure"
        key = f"{len(self.servers)}-{next(self.numbers)}"  # what had one that was sent before would close nothing
        headers = (f"Authorization: Bearer {buyer.api_token}", f"Idempotency-Key: {key}")
        closing = message("POST", path, json.dumps({"reason": "Tout est là"}).encode(), "application/json", *headers)
        begun = time.perf_counter()
        assert await ask(self.servers[0].port, closing) in (200, 201)
        seen.closing = time.perf_counter() - begun
        await asyncio.gather(*filing)
        return seen

    async def _file(self, place: int, seen: Seen, server: Server) -> None:
        """One connection's members, in turn."""
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        mine = [filer for number, filer in enumerate(self.ground.filers[:FILERS]) if number % CONNECTIONS == place]
        for number in count():
            filer, quantity = mine[number % len(mine)], next(self.numbers)
            begun = time.perf_counter()
            writer.write(Asked(self.ground, quantity, {}).call(filer))
            status, said = await answer(reader)
            seen.took.append(time.perf_counter() - begun)
            if status == CLOSED:
                break
            assert status in (FILED, OVERLOADED), (status, quantity, said)
            if status == OVERLOADED:
                continue
            seen.accepted[filer.member_id] = quantity
        writer.close()


class Asked(Round):
    def quantity(self, place: int) -> int:
        return self.number + place


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
    return int(head[9:12]), await reader.readexactly(length)


async def ask(port: int, sent: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    status, _ = await answer(reader)
    writer.close()
    return status


STORED = """
    SELECT d.member_id, min(n.quantity) AS quantity, count(*) FROM declarations d JOIN needs n
        ON n.group_id = d.group_id AND n.declaration_id = d.id WHERE d.state = 'filed' GROUP BY d.member_id"""
LATE = "SELECT count(*) FROM events e, collections c WHERE e.name = 'declaration.filed' AND e.at > c.closed_at"


async def rounds(
    database: Database,
    owner: asyncpg.Connection,
    ground: Ground,
    servers: Sequence[Server],
    stored: dict[int, int],
) -> list[Row]:
    """`stored`: what was accepted before, by member id; whoever gets no turn in these rounds keeps it."""
    storm, buyer, seen = Storm(ground, servers), ground.filers[-1], list[Seen]()
    caller = Caller(buyer.person_id, ground.group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=ground.purchase_id),))
    for number in range(ROUNDS + 1):
        one = await storm.round(buyer)
        stored |= one.accepted
        found = {row["member_id"]: row["quantity"] for row in await owner.fetch(STORED)}
        assert found == stored, "accepted is stored, and nothing else"
        assert await owner.fetchval(LATE) == 0, "none after the close"
        async with database.transaction(ground.group_id) as session:
            later = datetime.now(UTC) + timedelta(days=1)
            await reopen_collection(session, caller, ground.purchase_id, later, SystemClock(), reason="Un oubli")
        await owner.execute("UPDATE collections SET closed_at = NULL")
        if number:
            seen.append(one)
        else:
            print(f"just begun: closing {one.closing:.2f} s, p95 of a filing {quantiles(one.took, n=20)[-1]:.2f} s")
    closings, took = [one.closing for one in seen], [seconds for one in seen for seconds in one.took]
    processes = f"{len(servers)} web process{'es' if len(servers) > 1 else ''}"
    p95 = quantiles(took, n=20)[-1]
    found_rows = [
        Row(
            f"closing in a storm of filings, {processes}",
            1.0,
            max(closings),
            1,
            (min(closings), max(closings)),
            len(closings),
        ),
        Row(f"filing meanwhile, p95, {processes}", 0.6, p95, 1, (median(took), max(took))),
    ]
    for row in found_rows:
        print(row, flush=True)
    return found_rows


async def rows(addresses: PostgresAddresses, _: Path, made: dict[str, Any]) -> list[Row]:
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    ground = ground_of(made)
    async with database.transaction(ground.group_id) as session:
        buyer, now = ground.filers[-1].person_id, datetime.now(UTC)
        await grant_role(session, buyer, Role.LEAD_BUYER, now, purchase_id=ground.purchase_id)
    await owner.execute("ANALYZE")
    found, stored = list[Row](), dict[int, int]()
    async with AsyncExitStack() as stack:
        servers: list[Server] = []
        while len(servers) < PROCESSES:
            servers.append(await stack.enter_async_context(started("ours", addresses.application, ground)))
            found += await rounds(database, owner, ground, servers, stored)
    await owner.close()
    await database.dispose()
    return found


def measure() -> list[Row]:
    return in_a_world(WORLDS[0], rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)

"""How many declarations are filed in a second over HTTP, by form and by the interface for programs, next to the bare
limit: a Litestar application of one handler that writes the same rows with asyncpg.

`python benchmarks/filing.py [--connections 1 8 32] [--rounds 5]`

Each side is one process with one web server; they are asked in turn, over 1, 8 and 32 connections, each request by
another référent for its own member. The bare side leaves out who is signed in, what they may do, the collection's
lock and its clock, what was seen meanwhile, the reading of the purchase, and the rendering of the receipt.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import asyncpg
from litestar import Litestar, Request, Response, put
from stdnum import luhn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import ROUNDS, Row
from benchmarks.measuring.server import World, in_a_world
from pooling.accounts.models import TokenScope
from pooling.accounts.people import ensure_people
from pooling.accounts.sessions import open_session
from pooling.accounts.tokens import make_token
from pooling.app import create_app
from pooling.cli.loading import for_good
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.bell import Bell
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import WEB, Database
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.granting import grant_roles
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.settings import Settings
from pooling.web.security import SESSION_COOKIE, form_token
from pooling.web.server import server_of
from pooling.web.services import Services

SECRET = "a secret of the benchmark, thirty-two characters or more"
MEMBERS, ITEMS = 256, 4
CODES = [body + luhn.calc_check_digit(body) for body in (f"2{number:07d}" for number in range(MEMBERS))]
REQUESTS = {1: 80, 8: 128, 32: 192}
"""Of a round, by how many connections they come over."""
WARMING = 64
"""Requests before any is measured."""
WANTED = 0.3
"""Of what the bare side takes in a second."""


@dataclass(frozen=True)
class Filer:
    """Who files for a member."""

    code: str
    member_id: int
    person_id: int
    session_token: str
    api_token: str


@dataclass(frozen=True)
class Ground:
    group_id: int
    purchase_id: int
    reference: str
    items: Sequence[int]
    filers: Sequence[Filer]


async def make(addresses: PostgresAddresses) -> dict[str, Any]:
    """A purchase of four items that collects, and a référent signed in for each of its members; as `Ground`."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    now = datetime.now(UTC)
    async with database.transaction() as session:
        group_id = await create_group(session, name="Mesure", now=now)
    async with database.transaction(group_id) as session:
        members = await add_members(
            session, [MemberIn(code=code, name=f"Commune {code}", population=1_000_000) for code in CODES], now
        )
        people = await ensure_people(session, [(f"r{code}@mesure.example", f"R{code}", "") for code in CODES], now)
        roles = [(people[f"r{code}@mesure.example"], Role.REFERENT, members[code], None) for code in CODES]
        await grant_roles(session, roles, now)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal("9.99"))
            for number in range(ITEMS)
        )
        purchase = await add_purchase(
            session, PurchaseIn(title="Achat mesuré", lead_member=CODES[0], items=items), now, None
        )
        buyer = Caller(0, group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
        await open_collection(session, buyer, purchase.id, now + timedelta(days=1), SystemClock())
    filers = []
    async with database.transaction() as session:
        for code in CODES:
            person = people[f"r{code}@mesure.example"]
            made = await make_token(
                session, person, group_id, name="Mesure", scope=TokenScope.WRITE, expires_at=None, now=now
            )
            filers.append(Filer(code, members[code], person, await open_session(session, person, now), made.token))
    owner = await asyncpg.connect(addresses.superuser)
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM items ORDER BY id")]
    await owner.execute("ANALYZE")
    await owner.close()
    await database.dispose()
    return asdict(Ground(group_id, purchase.id, purchase.reference, ids, filers))


WORLDS = (World("filing", make),)


def ground_of(made: dict[str, Any]) -> Ground:
    return Ground(**{**made, "filers": [Filer(**filer) for filer in made["filers"]]})


class Round:
    """Requests of one round, each as the bytes that are sent."""

    def __init__(self, ground: Ground, number: int, stamps: dict[int, str]) -> None:
        self.ground = ground
        self.number = number
        self.stamps = stamps

    def quantity(self, place: int) -> int:
        return 1 + (self.number + place) % 7

    def form(self, filer: Filer) -> bytes:
        fields: dict[str, object] = {
            "csrf": form_token(SECRET, filer.session_token),
            "seen": self.stamps.get(filer.member_id, "none"),
            "comment": "Devant l’école",
        }
        for place, item in enumerate(self.ground.items):
            fields |= {f"quantite-{item}": self.quantity(place), f"jusqu-{item}": ""}
        path = f"/g/mesure/achats/{self.ground.reference}/besoins/{filer.code}/depot"
        return message(
            "POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded",
            f"Cookie: {SESSION_COOKIE}={filer.session_token}", "Sec-Fetch-Site: same-origin",
        )  # fmt: skip

    def call(self, filer: Filer) -> bytes:
        needs = [{"item": f"article-{place}", "quantity": self.quantity(place)} for place in range(ITEMS)]
        body = json.dumps({"state": "filed", "needs": needs, "comment": "Devant l’école"}).encode()
        path = f"/api/v1/groups/mesure/purchases/{self.ground.reference}/declarations/{filer.code}"
        return message("PUT", path, body, "application/json", f"Authorization: Bearer {filer.api_token}")

    def bare(self, filer: Filer) -> bytes:
        body = {
            "member": filer.member_id,
            "person": filer.person_id,
            "items": list(self.ground.items),
            "quantities": [self.quantity(place) for place in range(ITEMS)],
        }
        return message("PUT", "/", json.dumps(body).encode(), "application/json")


def message(method: str, path: str, body: bytes, kind: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


async def send(
    port: int, messages: Sequence[bytes], connections: int, good: Sequence[int]
) -> tuple[float, list[float]]:
    """All of them over so many connections: how many a second, and how long each took."""
    waiting = iter(messages)
    took: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for message in waiting:
            begun = time.perf_counter()
            writer.write(message)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0] or 0)
            body = await reader.readexactly(length)
            took.append(time.perf_counter() - begun)
            assert int(head[9:12]) in good, (head, body.decode()[:2000])
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return len(messages) / (time.perf_counter() - begun), took


DECLARATION = """
INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, updated_by, filed_at)
VALUES ($1, $2, $3, 'filed', $4, now(), $5, now()) ON CONFLICT (group_id, purchase_id, member_id, state)
DO UPDATE SET comment = excluded.comment, updated_at = now(), filed_at = now() RETURNING id"""
NEEDS = """
INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
SELECT $1, $2, i, q, q, now() FROM unnest($3::bigint[], $4::int[]) AS given(i, q)
ON CONFLICT (group_id, declaration_id, item_id) DO UPDATE SET quantity = excluded.quantity, up_to = excluded.up_to"""
EVENT = """
INSERT INTO events (group_id, at, person_id, subject_kind, subject_id, name, to_state, details)
VALUES ($1, now(), $2, 'declaration', $3, 'declaration.filed', 'filed', $4)"""
COUNTER = """
INSERT INTO throttles AS t (key, since, count) VALUES ($1, now(), 1)
ON CONFLICT (key) DO UPDATE SET count = t.count + 1"""
RECEIPT = """
INSERT INTO messages (group_id, person_id, kind, recipient, subject, body_text, body_html, attachments, thread,
    sender_name, state, priority, attempts, next_try_at, created_at)
VALUES ($1, $2, 'needs_receipt', 'a@b.example', 'Déclaration déposée', $3, $4, '{}', $5, 'Mesure', 'queued', 1, 0,
    now(), now())"""
TEXT = "Vous avez déposé la déclaration de la commune : vérifiez-la, vous pouvez la modifier.\n" * 12
HTML = f"<p>{TEXT}</p>" * 4


def bare_app(address: str, ground: Ground) -> Litestar:
    """One handler; five statements in one transaction."""
    pool: list[asyncpg.Pool] = []

    async def connect() -> None:
        pool.append(await asyncpg.create_pool(address, min_size=10, max_size=20))

    @put("/")
    async def write(request: Request[Any, Any, Any]) -> Response[None]:
        sent = json.loads(await request.body())
        group, person = ground.group_id, sent["person"]
        async with pool[0].acquire() as connection, connection.transaction():
            filed = await connection.fetchval(
                DECLARATION, group, ground.purchase_id, sent["member"], "Devant l’école", person
            )
            await connection.execute(NEEDS, group, filed, sent["items"], sent["quantities"])
            details = {"quantities": dict(zip(map(str, sent["items"]), sent["quantities"], strict=True))}
            await connection.execute(EVENT, group, person, filed, json.dumps(details))
            await connection.execute(COUNTER, f"declaration-receipts:{person}")
            await connection.execute(RECEIPT, group, person, TEXT, HTML, f"purchase-{ground.purchase_id}")
        return Response(None, status_code=303, headers={"location": "/"})

    return Litestar([write], on_startup=[connect], openapi_config=None, logging_config=None)


def our_app(address: str) -> Litestar:
    database = Database.connect(address, patience=WEB)
    return create_app(Services(Settings(), database, Bell("unix:///nowhere/valkey.sock"), SECRET))


def serve(listening: socket.socket, side: str, address: str, ground: Ground) -> None:
    """Answers until it is stopped."""
    with for_good():  # as `pooling serve` does
        app = our_app(address) if side == "ours" else bare_app(address, ground)
    asyncio.run(server_of(app).serve(sockets=[listening]))


@dataclass
class Server:
    """A side that is measured, in a process of its own."""

    process: int
    port: int

    @property
    def memory(self) -> int:
        """The most that it ever held, in MB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    @property
    def processor(self) -> float:
        """Seconds of a processor that it has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def started(side: str, address: str, ground: Ground) -> AsyncIterator[Server]:
    """Forked from this process, which has loaded all that it needs."""
    # With its protocol named, asyncio sends each part of an answer at once, as where `pooling serve` listens: otherwise
    # the second one waits 40 ms for the first to be acknowledged.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        port = listening.getsockname()[1]
        process = get_context("fork").Process(target=serve, args=(listening, side, address, ground))
        process.start()
    assert process.pid is not None
    try:
        await send(port, [message("GET", "/health/live", b"", "")], 1, (200, 404))
        yield Server(process.pid, port)
    finally:
        process.kill()
        process.join()


async def stamps_of(owner: asyncpg.Connection) -> dict[int, str]:
    """What each member's page would say of the version that it shows."""
    rows = await owner.fetch("SELECT member_id, updated_at FROM declarations")
    return {row["member_id"]: f"filed {row['updated_at'].isoformat()}" for row in rows}


async def rows(
    addresses: PostgresAddresses,
    _: Path,
    made: dict[str, Any],
    *,
    requests: Mapping[int, int] = REQUESTS,
    rounds: int = ROUNDS,
) -> list[Row]:
    """A row for each side and number of connections, in seconds a request."""
    ground = ground_of(made)
    owner = await asyncpg.connect(addresses.superuser)
    async with (
        started("ours", addresses.application, ground) as ours,
        started("bare", addresses.superuser, ground) as bare,
    ):
        found = [
            await pairs(ground, owner, ours, bare, name, connections, count, rounds)
            for name in SIDES
            for connections, count in requests.items()
        ]
    await owner.close()
    return found


SIDES: dict[str, Callable[[Round, Filer], bytes]] = {"form": Round.form, "call": Round.call}


async def pairs(
    ground: Ground,
    owner: asyncpg.Connection,
    ours: Server,
    bare: Server,
    name: str,
    connections: int,
    requests: int,
    rounds: int,
) -> Row:
    """Rounds of one side after the other, over so many connections."""
    mine, limits, slow, spent = [], [], [], []
    for number in range(rounds + 1):
        asked = Round(ground, number, await stamps_of(owner))
        places = range(requests if number else WARMING)
        filers = [ground.filers[(number * requests + place) % MEMBERS] for place in places]
        messages = [SIDES[name](asked, filer) for filer in filers]
        before = ours.processor, bare.processor
        rate, took = await send(ours.port, messages, connections, (200, 303))
        limit, _ = await send(bare.port, [asked.bare(filer) for filer in filers], connections, (303,))
        if number:  # the first one warms up
            mine.append(1 / rate)
            limits.append(1 / limit)
            slow.append(sorted(took)[int(len(took) * 0.95)])
            spent.append((ours.processor - before[0], bare.processor - before[1]))
    title = f"filing by {name}, {connections} connection{'s' if connections > 1 else ''}"
    row = Row(title, median(limits), median(mine), 1 / WANTED, (min(mine), max(mine)), rounds, ours.memory)
    processor, bare_processor = (median(one) / requests * 1000 for one in zip(*spent, strict=True))
    print(
        f"{row}\n       {1 / row.ours:.0f} a second of {1 / row.bare:.0f} ({1 / row.ratio:.2f}), p95 "
        f"{median(slow) * 1000:.0f} ms; processor of a request {processor:.2f} ms, bare {bare_processor:.2f} ms",
        flush=True,
    )
    return row


def measure() -> list[Row]:
    return in_a_world(WORLDS[0], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, nargs="+", default=list(REQUESTS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    requests = {count: REQUESTS.get(count, MEMBERS) for count in options.connections}
    found = in_a_world(WORLDS[0], partial(rows, requests=requests, rounds=options.rounds))
    return 0 if all(row.kept for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())

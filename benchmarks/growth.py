"""Which pages grow with the group: every GET address as every role, at 20, 1 000 and 36 130 members, all the
authorities of the directory.

`python benchmarks/growth.py [--sizes 20 1000 36130]`; in the table of all benchmarks, 20 and 36 130 as two roles.

Three groups in one database, each with one of everything that an address can name (`tests/furnished.py`); their
members are the first authorities of the directory. Everybody takes part in the purchase, has filed, has a référent
who is invited to the committee. A page is a whole request in process, without a socket, asked in each group in turn.
What is compared is the quickest of its times: the same work takes longer when something else runs, never shorter.
"""

import argparse
import gc
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import asyncpg
import httpx
from litestar import Litestar
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from api_client import token_of
from benchmarks.measuring import Row, set_aside
from benchmarks.measuring.server import World, in_a_world
from factories import ARCACHON, BUYER, NOW, Territory, make_territory
from furnished import HOSTENS, furnish
from ground.walk import address
from pooling.accounts.people import ensure_people
from pooling.accounts.sessions import open_session
from pooling.app import create_app
from pooling.directory.reading import PACKAGED, read_authorities
from pooling.embedded.postgres import PostgresAddresses
from pooling.exports.kinds import ExportKind, Prepared
from pooling.exports.writing import _Held
from pooling.features import FEATURES
from pooling.kernel import database as kernel_database
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.granting import grant_role
from pooling.members.models import Role
from pooling.outbox import queueing
from pooling.outbox.mail import Rendered
from pooling.settings import Settings
from pooling.web.security import SESSION_COOKIE
from pooling.web.services import Services
from routes import Walked, routes_of

SIZES = (20, 1_000, 36_130)
COMPARED = (20, 36_130)
"""Among all benchmarks: the smallest and the largest."""
AGAIN, LONG = 3, 1.0
"""How often a page that seems to grow is asked again, as the machine may have done something else; for how many seconds
at the most.
"""
TOLD = 5
"""Pages in the table of all benchmarks, those that grow most."""
MOST_TIMES, MOST_MORE = 1.5, 0.05
"""A page of the largest group takes at most so many times that of the smallest, or so many seconds more."""
ACTORS = {
    "facilitator": "animation@bassin.example",
    "reader": "observation@bassin.example",
    "referent": "referent@lugos.example",
    "finance": "finances@arcachon.example",
    "purchasing": "marches@arcachon.example",
    "buyer": BUYER,
}
PEOPLE = """
    WITH theirs AS (
        INSERT INTO people (email, name, function, phone, created_at)
        SELECT 'referent-' || id || '@membre.example', 'Référent ' || id, '', '', now() FROM members m
        WHERE group_id = $1 AND retired_on IS NULL AND NOT EXISTS (
            SELECT FROM memberships r WHERE r.group_id = m.group_id AND r.member_id = m.id AND r.role = 'referent')
        RETURNING id, email)
    INSERT INTO memberships (group_id, person_id, role, member_id, started_at)
    SELECT $1, id, 'referent', substring(email, '[0-9]+')::bigint, now() FROM theirs"""
FILE_ALL = """
    WITH filed AS (
        INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, filed_at)
        SELECT group_id, purchase_id, member_id, 'filed', 'Devant l’école', $3, $3 FROM participations
        WHERE group_id = $1 AND purchase_id = $2 ON CONFLICT DO NOTHING RETURNING *)
    INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
    SELECT f.group_id, f.id, i.id, 1 + f.id % 7, 1 + f.id % 7 + f.id % 3, $3 + f.id % 1009 * interval '1 second'
    FROM filed f JOIN items i ON i.group_id = f.group_id AND i.purchase_id = f.purchase_id"""


@dataclass
class Sized:
    """A group of so many members, and what its people carry."""

    size: int
    values: Mapping[str, object]
    sessions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


class Statements:
    """Keeps what reaches the database, by SQLAlchemy or by the driver alone."""

    def __init__(self, database: Database) -> None:
        self.asked: list[str] = []
        engine = cast("AsyncEngine", database._engine)  # noqa: SLF001 - nobody else keeps them
        event.listen(engine.sync_engine, "before_cursor_execute", self._seen)
        driver: Any = kernel_database
        fetch = driver._fetch  # noqa: SLF001

        async def fetched(where: object, connection: object, statement: str, values: object) -> object:
            self.asked.append(statement)
            return await fetch(where, connection, statement, values)

        driver._fetch = fetched  # noqa: SLF001

    def _seen(self, _: object, __: object, statement: str, *___: object) -> None:
        self.asked.append(statement)


@contextmanager
def wordless() -> Iterator[None]:
    """Mails are queued without their words, and files that are written apart hold nothing, for which nothing is read:
    110 000 texts and a file for each of 36 130 members would take longer than all pages.
    """
    rooms: Any = queueing
    render = rooms.rendered
    held: Any = _Held
    prepare = held._prepare  # noqa: SLF001 - nobody else leaves a file empty

    async def nothing(_session: object, _terms: object, now: datetime) -> Prepared:
        return Prepared("vide.pdf", "application/pdf", 0, now, lambda _: b"%PDF-")

    async def unread(self: object, kinds: dict[str, ExportKind]) -> Prepared:
        found: Prepared = await prepare(self, {name: replace(kind, prepare=nothing) for name, kind in kinds.items()})
        return found

    rooms.rendered = lambda mail: Rendered(*[mail.kind] * 3)
    held._prepare = unread  # noqa: SLF001
    try:
        yield
    finally:
        rooms.rendered = render
        held._prepare = prepare  # noqa: SLF001


async def build(database: Database, owner: asyncpg.Connection, size: int) -> Sized:
    territory = await make_territory(database, NOW, slug=f"groupe-{size}")
    taken = {*territory.members, HOSTENS}  # who joins only to leave again
    authorities = (row for row in read_authorities(PACKAGED) if row.siren not in taken)
    async with database.transaction(territory.group_id) as session:
        members = [
            MemberIn(code=row.siren, name=row.name, population=row.population, agents=1 + row.population // 40)
            for row, _ in zip(authorities, range(size - len(territory.members)), strict=False)
        ]
        await add_members(session, members, NOW)
    values = await furnish(database, territory, declared=partial(declare, database, owner, territory))
    sized = Sized(size, values)
    await let_in(database, territory, sized)
    return sized


async def declare(database: Database, owner: asyncpg.Connection, here: Territory, purchase_id: int) -> None:
    """Everybody has a référent, and has filed."""
    async with database.transaction(here.group_id) as session:
        people = await ensure_people(session, [(email, "", "") for email in ACTORS.values()], NOW)
        await grant_role(session, people[ACTORS["purchasing"]], Role.PURCHASING, NOW, member_id=here.members[ARCACHON])
    await owner.execute(PEOPLE, here.group_id)
    await owner.execute(FILE_ALL, here.group_id, purchase_id, NOW)
    await owner.execute("ANALYZE")


async def let_in(database: Database, here: Territory, sized: Sized) -> None:
    async with database.transaction() as session:
        people = await ensure_people(session, [(email, "", "") for email in ACTORS.values()], NOW)
        for actor, email in ACTORS.items():
            sized.sessions[actor] = await open_session(session, people[email], NOW)
    for actor, email in ACTORS.items():
        sized.tokens[actor] = await token_of(database, people[email], here.group_id, NOW)


ATTACHMENT = "attachment"


@dataclass
class Asked:
    """One address as somebody: by size of the group, the quickest time, bytes, statements."""

    actor: str
    route: Walked
    kind: str = ""
    seconds: dict[int, float] = field(default_factory=dict)
    bytes: dict[int, int] = field(default_factory=dict)
    statements: dict[int, int] = field(default_factory=dict)
    times: int = 0
    """How often it was asked of each."""

    @property
    def name(self) -> str:
        return f"{self.actor}: {self.route.template.removeprefix('/g/{group}').removeprefix('/api/v1') or '/'}"

    @property
    def is_file(self) -> bool:
        """Whether it is all of something, which may well grow."""
        return self.kind not in {"text/html", "application/json"}

    @property
    def added(self) -> float:
        """Seconds that the largest group waits more than the smallest."""
        return self.seconds[max(self.seconds)] - self.seconds[min(self.seconds)]

    @property
    def kept(self) -> bool:
        small, large = min(self.seconds), max(self.seconds)
        quick = self.seconds[large] <= MOST_TIMES * self.seconds[small] or self.added <= MOST_MORE
        return quick and self.statements[large] <= self.statements[small]


class Answered(NamedTuple):
    response: httpx.Response
    seconds: float
    statements: tuple[str, ...]


class Walk:
    """`brief`: no files, and whoever is told by the same statements as somebody before sees the same page."""

    def __init__(
        self, app: Litestar, database: Database, groups: Sequence[Sized], actors: Sequence[str], *, brief: bool = False
    ) -> None:
        self.groups = groups
        self.brief = brief
        self.actors = actors
        self.routes = [route for route in routes_of(app) if route.method == "GET" and "{group}" in route.template]
        self.statements = Statements(database)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
            timeout=300,
        )

    async def ask(self, actor: str, route: Walked, group: Sized) -> Answered:
        self.client.cookies.clear()
        self.statements.asked = []
        headers = (
            {"Authorization": f"Bearer {group.tokens[actor]}"}
            if route.template.startswith("/api/")
            else {"Cookie": f"{SESSION_COOKIE}={group.sessions[actor]}"}
        )
        start = time.perf_counter()
        response = await self.client.get(address(route, group.values), headers=headers)
        seconds = time.perf_counter() - start
        assert not response.is_server_error, (route, group.size, response.text)
        return Answered(response, seconds, tuple(self.statements.asked))

    async def compare(self, route: Walked) -> list[Asked]:
        """As each of those who may see it. The very first answer is not measured: it makes a template ready."""
        found: list[Asked] = []
        seen: set[tuple[str, ...]] = set()
        for actor in self.actors:
            first = await self.ask(actor, route, self.groups[0])
            asked = Asked(actor, route, kind_of(first.response))
            if not first.response.is_success or (self.brief and (asked.is_file or first.statements in seen)):
                continue
            if await self._in_each(asked, first if seen else None):
                found.append(asked)
            seen.add(first.statements)
        return found

    async def _in_each(self, asked: Asked, known: Answered | None) -> bool:
        """In each group in turn, again where it seems to grow unless it takes long; False: in one it is not there, or
        too long to be written while they wait. `known`: what the first one answered already.
        """
        set_aside()
        begun = time.perf_counter()
        for _ in range(1 + AGAIN):
            for group in self.groups:
                response, seconds, statements = known or await self.ask(asked.actor, asked.route, group)
                known = None
                if not response.is_success:
                    return False
                asked.kind = kind_of(response)
                asked.seconds[group.size] = min(seconds, asked.seconds.get(group.size, seconds))
                asked.bytes[group.size] = len(response.content)
                asked.statements[group.size] = min(len(statements), asked.statements.get(group.size, len(statements)))
            asked.times += 1
            if asked.is_file or asked.kept or time.perf_counter() - begun > LONG:
                break
        return True

    async def let_shares_stand(self) -> None:
        """They are computed after each change; the page that happens to be asked first is not measured by it."""
        (route,) = [route for route in self.routes if route.template.endswith("/purchases/{reference}/allocation")]
        for group in self.groups:
            await self.ask("facilitator", route, group)

    async def all(self) -> list[Asked]:
        await self.let_shares_stand()
        return [asked for route in self.routes for asked in await self.compare(route)]


def kind_of(answer: httpx.Response) -> str:
    """Its media type, or that it is a file to keep."""
    if str(answer.headers.get("content-disposition", "")).startswith(ATTACHMENT):
        return ATTACHMENT
    return str(answer.headers.get("content-type", "")).partition(";")[0]


def table(met: Sequence[Asked], sizes: Sequence[int]) -> Iterator[str]:
    """Pages beyond the bound first, then others, then files: by what they add."""
    yield f"{'':8}{'page':64}{'added':>11}" + "".join(f"{size:>11} members{'':13}" for size in sizes)
    for asked in sorted(met, key=lambda asked: (asked.is_file, asked.kept, -asked.added)):
        verdict = "file" if asked.is_file else "ok" if asked.kept else "MISSED"
        yield f"{verdict:8}{asked.name:64}{asked.added * 1000:8.1f} ms" + "".join(
            f"{asked.seconds[size] * 1000:8.1f} ms{asked.bytes[size] / 1000:7.0f} kB{asked.statements[size]:4}  "
            for size in sizes
        )
    pages = [asked for asked in met if not asked.is_file]
    beyond = sum(not asked.kept for asked in pages)
    yield f"{beyond} of {len(pages)} pages beyond {MOST_TIMES:g} times and {MOST_MORE * 1000:g} ms more"


async def make(addresses: PostgresAddresses, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """A group of each size, as values of `Sized`."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    begun = time.perf_counter()
    with wordless():
        groups = [await build(database, owner, size) for size in sizes]
    await owner.execute("ANALYZE")
    await owner.close()
    await database.dispose()
    print(f"{len(sizes)} groups made in {time.perf_counter() - begun:.0f} s", flush=True)
    return [asdict(group) for group in groups]


def world(sizes: Sequence[int] = COMPARED) -> World:
    """Groups of these sizes, side by side."""
    return World(f"groups_{'_'.join(map(str, sizes))}", partial(make, sizes=sizes))


WORLDS = (world(),)


async def walked(
    addresses: PostgresAddresses, folder: Path, groups: Sequence[Sized], actors: Sequence[str], *, brief: bool
) -> list[Asked]:
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    bell = Bell("unix:///nowhere/valkey.sock")
    services = Services(Settings(data_dir=folder), database, bell, "a secret " * 5, clock=FixedClock(NOW))
    app = create_app(services)
    walk = Walk(app, database, groups, actors, brief=brief)
    gc.collect()
    try:
        return await walk.all()
    finally:
        await walk.client.aclose()
        await database.dispose()


async def rows(
    addresses: PostgresAddresses,
    folder: Path,
    made: Sequence[dict[str, Any]],
    actors: Sequence[str] = tuple(ACTORS),
    *,
    brief: bool = False,
) -> list[Row]:
    """The pages that grow most, and every one that grows too much."""
    groups = [Sized(**group) for group in made]
    sizes = [group.size for group in groups]
    met = await walked(addresses, folder, groups, actors, brief=brief)
    print("\n".join(table(met, sizes)), flush=True)
    small, large = min(sizes), max(sizes)
    pages = sorted((asked for asked in met if not asked.is_file), key=lambda asked: -asked.added)
    return [
        Row(
            f"{asked.name}, {large} members beside {small}: + {asked.added * 1000:.0f} ms",
            asked.seconds[small],
            asked.seconds[large],
            MOST_TIMES,
            (asked.seconds[large], asked.seconds[large]),
            asked.times,
            more=MOST_MORE,
        )
        for place, asked in enumerate(pages)
        if place < TOLD or not asked.kept
    ]


def measure() -> list[Row]:
    """Among all benchmarks, the two sizes that are compared, as those two who may see most and least; no files, which
    may well grow, and took half of the time; a page once where both are told the same.
    """
    actors = ("facilitator", "referent")
    return in_a_world(world(), partial(rows, actors=actors, brief=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    found = in_a_world(world(options.sizes), rows)
    sys.exit(0 if all(row.kept for row in found) else 1)

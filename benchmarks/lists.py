"""Which lists grow with the years: every page of a group that names nothing else, as it is in the demonstration and in
one of ten years (`pooling demo --big`): 500 actions, 2 000 sheets of experience, 200 purchases, as many committees.

`python benchmarks/lists.py`. Beside these addresses, searches, years and suppliers. A page is a whole request in
process, without a socket, asked of both in turn; what is compared is the quickest of its times.
"""

import gc
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
from litestar import Litestar
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.measuring import Row, set_aside
from benchmarks.measuring.server import World, in_worlds
from ground.database import OUR_FEATURES
from pooling.accounts.sessions import open_session
from pooling.app import create_app
from pooling.demo.big import enlarge
from pooling.demo.running import make_territory
from pooling.demo.territory import FACILITATOR, referent_of
from pooling.embedded.postgres import PostgresAddresses
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from pooling.web.security import SESSION_COOKIE
from pooling.web.services import Services
from routes import routes_of

NOW = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
GROUP = "/g/{group}"
MOST_TIMES, MOST_MORE = 1.5, 0.05
"""A page of ten years takes at most so many times what it takes of two, or so many seconds more."""
AGAIN = 4
"""How often a page is asked once more when it seems to grow: the machine may have done something else."""
TOLD = 5
WHO = (FACILITATOR, referent_of("213302607"))
BESIDE = (
    "/actions?cherche=velo",
    "/actions?etat=done",
    "/actions/calendrier?annee=2022",
    "/experiences?cherche=arceaux",
    "/experiences?cherche=defis",
    "/comites?annee=2022",
    "/decisions?vue=terminees",
    "/indicateurs?annee=2025",
    "/fournisseurs/1",
    "/fournisseurs/2",
)


@dataclass
class Side:
    """One of the two demonstrations."""

    database: Database
    sessions: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    who: str
    path: str
    seconds: dict[bool, float] = field(default_factory=dict)
    """By whether it is of the big one."""
    times: int = 0
    """How often it was asked of each."""

    @property
    def kept(self) -> bool:
        small, big = self.seconds[False], self.seconds[True]
        return big <= MOST_TIMES * small or big - small <= MOST_MORE

    def row(self) -> Row:
        name = f"{self.who.partition('@')[0]}: {self.path}, ten years beside two"
        small, big = self.seconds[False], self.seconds[True]
        return Row(name, small, big, MOST_TIMES, (big, big), self.times, more=MOST_MORE)


async def make(addresses: PostgresAddresses, *, big: bool) -> dict[str, str]:
    """The demonstration; sessions of those who look at it."""
    database = Database.connect(addresses.application).handing(OUR_FEATURES)
    await make_territory(database, NOW, meanwhile=(lambda: enlarge(addresses.owner)) if big else None)
    async with database.transaction() as session:
        people: Mapping[str, int] = dict(
            tuple(row) for row in await session.execute(text("SELECT email, id FROM people"))
        )
        sessions = {email: await open_session(session, people[email], NOW) for email in WHO}
    await database.dispose()
    return sessions


WORLDS = (World("two_years", partial(make, big=False)), World("ten_years", partial(make, big=True)))


def paths_of(app: Litestar, slug: str) -> list[str]:
    own = [
        route.template
        for route in routes_of(app)
        if route.method == "GET" and route.template.startswith(GROUP) and route.template.count("{") == 1
    ]
    return [path.replace("{group}", slug) for path in (*own, *(GROUP + path for path in BESIDE))]


class Walk:
    def __init__(self, app: Litestar, sides: Mapping[bool, Side]) -> None:
        self.app, self.services, self.sides = app, app.state.services, sides
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
            timeout=300,
        )

    async def ask(self, page: Page, *, big: bool) -> httpx.Response:
        self.app.state.services = replace(self.services, database=self.sides[big].database)
        self.client.cookies.clear()
        start = time.perf_counter()
        answer = await self.client.get(
            page.path, headers={"Cookie": f"{SESSION_COOKIE}={self.sides[big].sessions[page.who]}"}
        )
        took = time.perf_counter() - start
        page.seconds[big] = min(took, page.seconds.get(big, took))
        assert not answer.is_server_error, (page.path, answer.text)
        return answer

    async def compare(self, page: Page) -> Page | None:
        """None: it is not theirs to see, or no page. The first answer is not measured: it makes a template ready."""
        answer = await self.ask(page, big=False)
        if answer.status_code != httpx.codes.OK or "text/html" not in answer.headers.get("content-type", ""):
            return None
        page.seconds.clear()
        set_aside()
        for _ in range(1 + AGAIN):
            for big in (False, True):
                await self.ask(page, big=big)
            page.times += 1
            if page.kept:
                break
        return page


async def rows(places: Sequence[PostgresAddresses], folder: Path, made: Sequence[dict[str, str]]) -> list[Row]:
    small, big = (
        Side(Database.connect(place.application).handing(OUR_FEATURES), sessions)
        for place, sessions in zip(places, made, strict=True)
    )
    sides = {False: small, True: big}
    bell = Bell("unix:///nowhere/valkey.sock")
    settings = Settings(data_dir=folder)
    services = Services(settings, sides[False].database, bell, "a secret " * 5, clock=FixedClock(NOW))
    app = create_app(services)
    async with sides[False].database.transaction() as session:
        slug = (await session.execute(text("SELECT slug FROM all_groups()"))).scalar_one()
    walk = Walk(app, sides)
    gc.collect()
    met = [await walk.compare(Page(who, path)) for who in WHO for path in paths_of(app, slug)]
    pages = sorted(
        (page for page in met if page is not None), key=lambda page: page.seconds[False] - page.seconds[True]
    )
    print("\n".join(_told(page) for page in pages), flush=True)
    await walk.client.aclose()
    for side in sides.values():
        await side.database.dispose()
    return [page.row() for place, page in enumerate(pages) if place < TOLD or not page.kept]


def _told(page: Page) -> str:
    small, big = (page.seconds[big] * 1000 for big in (False, True))
    return f"{'ok' if page.kept else 'MISSED':8}{page.who.partition('@')[0]:12}{page.path:60}{small:8.1f} {big:8.1f} ms"


def measure() -> list[Row]:
    return in_worlds(WORLDS, rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)

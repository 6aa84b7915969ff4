"""Every button of every page, in a group of 36 130 members: `python benchmarks/buttons.py`.

The group is that of `growth.py`. Each button is pressed once, however many pages, lines and people have it, by the
first of facilitator, lead buyer and référent who does, with what its form shows, and what that did is undone. Most
forms ask for more than they show, and say so: what they refuse is read and shown again like a page. No button may
fail, none may name members one by one, and what stands in the place of a bare side is what is promised of the slowest:
it writes to everybody, or makes a row for each.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import httpx
from litestar import Litestar
from lxml import html
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.growth import WORLDS, Sized
from benchmarks.measuring import Row
from benchmarks.measuring.server import in_a_world
from factories import NOW
from ground.walk import address
from pooling.app import create_app
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, driver_url
from pooling.members.features import Features
from pooling.settings import Settings
from pooling.web.security import SESSION_COOKIE
from pooling.web.services import Services
from routes import Walked, routes_of

ACTORS = ("facilitator", "buyer", "referent")
PROMISED = 10.0
"""Seconds of one button."""
WIDEST = 1_000
"""Parameters of a statement: whoever names members names them in one array."""
SLOW = 1.0
"""Seconds from which a button is told at once."""
TOLD = 5
_PATIENCE = 300


@dataclass(frozen=True)
class Button:
    actor: str
    page: str
    path: str
    template: str
    sent: tuple[tuple[str, str], ...]
    pressed: tuple[str, str] | None
    files: bool

    @property
    def does(self) -> tuple[str, ...]:
        """The same one beside each line has a number of its own."""
        name, value = self.pressed or ("", "")
        return self.template, name, "" if value.isdecimal() else value

    @property
    def name(self) -> str:
        which = f" [{'='.join(self.pressed)}]" if self.pressed and self.pressed[1] else ""
        return f"{self.actor}: {self.template.removeprefix('/g/{group}')}{which}"


@dataclass(frozen=True)
class Pressed:
    button: Button
    status: int
    seconds: float


class Presser:
    """Somebody's browser, in one transaction that is never kept. Which pages have a button that nobody had before is
    seen in the small group, whose pages are quick.
    """

    def __init__(self, app: Litestar, connection: AsyncConnection, small: Sized, group: Sized) -> None:
        self.app, self.connection, self.small, self.group = app, connection, small, group
        self.known = set[tuple[str, ...]]()
        self.widest = 0
        event.listen(connection.sync_connection, "before_cursor_execute", self._seen)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
            timeout=_PATIENCE,
        )

    def _seen(self, _: object, __: object, ___: str, parameters: Sequence[object], *____: object) -> None:
        self.widest = max(self.widest, len(parameters))

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        savepoint = await self.connection.begin_nested()
        try:
            yield
        finally:
            await savepoint.rollback()

    async def buttons(self, actor: str) -> list[Button]:
        """Those that nobody had before."""
        found = []
        for route in routes_of(self.app):
            is_file = "." in route.template.rpartition("/")[2]
            if route.method != "GET" or is_file or not route.template.startswith("/g/{group}"):
                continue
            if all(button.does in self.known for button in await self._shown(actor, route, self.small)):
                continue
            for button in await self._shown(actor, route, self.group):
                if button.does not in self.known:
                    self.known.add(button.does)
                    found.append(button)
        return found

    async def _shown(self, actor: str, route: Walked, group: Sized) -> list[Button]:
        async with self.undone():
            page = await self.client.get(address(route, group.values), headers=self._headers(actor, group))
        assert not page.is_server_error, (route, page.text)
        if not page.is_success or not page.headers["content-type"].startswith("text/html"):
            return []
        return list(self._on(actor, page))

    def _on(self, actor: str, page: httpx.Response) -> Iterator[Button]:
        for form in html.fromstring(page.text).forms:
            if form.method != "POST":
                continue
            files = form.get("enctype", "").startswith("multipart")
            for submit in form.xpath(".//button[not(@type) or @type='submit'] | .//input[@type='submit']"):
                path = urlsplit(urljoin(str(page.url), submit.get("formaction") or form.get("action") or "")).path
                *_, template = self.app.asgi_router.handle_routing(path=path, method="POST")
                name = submit.get("name")
                pressed = (name, submit.get("value", "")) if name else None
                if template.startswith("/g/{group}"):
                    sent = tuple((key, value) for key, value in form.form_values() if key != name)
                    yield Button(actor, str(page.url), path, template, sent, pressed, files)

    async def press(self, button: Button) -> Pressed:
        """Raises:
        AssertionError: it failed, or a statement named members one by one.
        """
        data: dict[str, list[str]] = {}
        for key, value in (*button.sent, *([button.pressed] if button.pressed else [])):
            data.setdefault(key, []).append(value)
        headers = {"Sec-Fetch-Site": "same-origin", **self._headers(button.actor, self.group)}
        nothing = {"files": {"nothing": ("", b"")}} if button.files else {}
        self.widest = 0
        start = time.perf_counter()
        async with self.undone():
            answer = await self.client.post(button.path, data=data, headers=headers, **cast("Any", nothing))
        took = time.perf_counter() - start
        assert not answer.is_server_error, (button, answer.text[:2_000])
        assert self.widest <= WIDEST, (button, self.widest)
        if took > SLOW:
            print(f"{took * 1000:9.0f} ms  {answer.status_code}  {button.name}", flush=True)
        return Pressed(button, answer.status_code, took)

    def _headers(self, actor: str, group: Sized) -> dict[str, str]:
        return {"Cookie": f"{SESSION_COOKIE}={group.sessions[actor]}"}


async def rows(addresses: PostgresAddresses, folder: Path, made: Sequence[dict[str, Any]]) -> list[Row]:
    """Of the largest group."""
    groups = sorted((Sized(**group) for group in made), key=lambda group: group.size)
    return await pressed(addresses, folder, groups[0], groups[-1])


async def pressed(addresses: PostgresAddresses, folder: Path, small: Sized, group: Sized) -> list[Row]:
    """The slowest buttons."""
    engine = create_async_engine(driver_url(addresses.application), connect_args={"timeout": _PATIENCE})
    async with engine.connect() as connection:
        outer = await connection.begin()
        await connection.exec_driver_sql("SET lock_timeout = '20s'")
        services = Services(
            Settings(data_dir=folder, smtp_url="smtp://127.0.0.1:9"),
            Database(connection).handing(Features(FEATURES)),
            Bell("unix:///nowhere/valkey.sock"),
            "a secret " * 5,
            clock=FixedClock(NOW),
        )
        presser = Presser(create_app(services), connection, small, group)
        met = [
            await asyncio.wait_for(presser.press(button), _PATIENCE)
            for actor in ACTORS
            for button in await presser.buttons(actor)
        ]
        await presser.client.aclose()
        await outer.rollback()
    await engine.dispose()
    met.sort(key=lambda one: -one.seconds)
    done = sum(one.status < 400 for one in met)  # noqa: PLR2004 - what is refused is above
    print(f"{len(met)} buttons pressed, {done} did something, {len(met) - done} asked for more", flush=True)
    return [
        Row(f"{one.button.name}, promised in {PROMISED:g} s", PROMISED, one.seconds, 1, (one.seconds, one.seconds), 1)
        for place, one in enumerate(met)
        if place < TOLD or one.seconds > PROMISED
    ]


def measure() -> list[Row]:
    return in_a_world(WORLDS[0], rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)

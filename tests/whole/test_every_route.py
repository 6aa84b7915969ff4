"""Every route, sent what no browser sends: none fails, none holds up the others, nothing stays in memory."""

import asyncio
import gc
import json
import math
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio
from litestar import Litestar

from api_client import token_of
from factories import NOW, Territory, open_purchase
from pooling.accounts.sessions import open_session
from pooling.kernel.database import Database
from pooling.web import bodies
from pooling.web.bodies import LARGEST_BODY
from pooling.web.form_reading import MOST_FIELDS, MULTIPART, URL_ENCODED
from pooling.web.security import SESSION_COOKIE, UNSAFE_METHODS
from routes import Walked, routes_of
from web_client import TOKEN

FACILITATOR = "animation@bassin.example"
LONGEST_BLOCK = 0.1
"""Seconds of a processor that one turn of the event loop may take: others wait as long."""
MOST_KEPT = 40_000_000
"""Bytes that the process may have grown by: less than two of the refused forms that it once kept for good."""
VALUES = {"group": "bassin", "reference": "AG-2027-001", "member": "213302607", "number": "1"}
ODD = ("%00", "%ED%A0%80", "%FF", "%C0%80", "9" * 40, "x" * 3000, "..%2F..", "%E2%80%AE", "-1", "%F0%9F%9A%B2")
"""Parts of addresses: a zero byte, half of a surrogate pair, bytes that are no UTF-8, what is too large or too long."""


PUNYCODE = b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 200_000 + b"\r\n--x--"


def form(csrf: str) -> list[tuple[str, bytes]]:
    """Bodies of forms, each with its type; those that can be read carry the token."""
    token = f"csrf={csrf}&".encode()
    head = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + csrf.encode() + b"\r\n--x\r\n"
    named = head + b'Content-Disposition: form-data; name="name"\r\n'
    return [
        (URL_ENCODED, token + b"&".join(b"f%d=1" % place for place in range(MOST_FIELDS - 1))),
        (URL_ENCODED, token + b"&".join([b"name="] * (MOST_FIELDS + 5))),
        (URL_ENCODED, token + b"&".join(f"{name}={'9' * 300}".encode() for name in NAMES)),
        (URL_ENCODED, token + b"&".join(f"{name}=%F0%9F%9A%B2%E2%80%AE%01%0D%0A=1%2B1".encode() for name in NAMES)),
        (URL_ENCODED, token + b"name=%00"),
        (URL_ENCODED, token + b"name=%ED%A0%80"),
        (URL_ENCODED, token + b"name=\xff"),
        (URL_ENCODED, token + b"name=" + b"%C2%A0" * 40_000),
        (f"{URL_ENCODED}; charset=utf-16", token),
        (f"{MULTIPART}; boundary=x", named + PUNYCODE),
        (f"{MULTIPART}; boundary=x", named + b"\r\n\xff\r\n--x--\r\n"),
        (f"{MULTIPART}; boundary=x", named + b"\r\n1\r\n--x--\r\n"),
        (f"{MULTIPART}; boundary=x", named),
        ("application/json", b"{}"),
    ]  # fmt: skip


_NAMES = """name title email seen version suite reason content minutes liste lignes point due_on closes_at key weights
members items wording code day hour apres"""
NAMES = _NAMES.split()
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
BODIES = [
    DEEP,
    b"[" * 200_000,
    b"[" + b"0," * 100_000 + b"0]",
    b'{"title":"\\ud800"}',
    b'{"title":"\\u0000"}',
    b"\xff\xfe{\x00}\x00",
    b'{"a":"' + b'\\"' * 100_000,
    json.dumps(dict.fromkeys(NAMES, "9" * 300)).encode(),
    json.dumps({f"f{place}": 1 for place in range(MOST_FIELDS)}).encode(),
    b"a" * (LARGEST_BODY + 1),
    b"null",
    b"",
]
HEADERS = [
    {"Cookie": "pooling-flash=" + "W1tb" * 500},
    {"If-Match": "a\x00b"},
    {"Idempotency-Key": "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")},
    {"Accept": "*/*;q=" + "9" * 2000},
    {"Accept-Language": "fr;q=x," * 500},
    {"Content-Length": "0", "Transfer-Encoding": "chunked"},
    {"Origin": "http://[::1"},
    {"Host": "[::1"},
    {"Authorization": "Bearer " + "\x7f" * 100},
]


class Blocks:
    """How long the event loop was held at most, in seconds of its processor, so that a busy machine changes nothing."""

    def __init__(self) -> None:
        self.longest = (0.0, "")
        self.doing = ""

    async def watch(self) -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, (time.thread_time() - began, self.doing))


class Hostile:
    """Somebody who sends all of it, signed in, with a token, or neither."""

    def __init__(self, app: Litestar, session: str, token: str) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        self.app, self.session, self.token = app, session, token
        self.csrf = ""
        self.blocks = Blocks()
        self.failed: list[str] = []

    async def send(self, method: str, path: str, *, what: str, content: bytes = b"", **headers: str) -> None:
        self.blocks.doing = f"{method} {path[:80]} {what}"
        self.client.cookies.clear()
        given = {"Sec-Fetch-Site": "same-origin", **headers}
        if path.startswith("/api/"):
            given.setdefault("Authorization", f"Bearer {self.token}")
        else:
            given["Cookie"] = f"{SESSION_COOKIE}={self.session}; {given.get('Cookie', '')}"
        answer = await self.client.request(method, path, content=content, headers=_encoded(given))
        ready = not path.startswith("/health/ready")  # it says that no queue is here
        if (answer.status_code >= 500 and ready) or len(answer.content) > 2_000_000:
            self.failed.append(f"{answer.status_code} {len(answer.content)} {self.blocks.doing}")


def _encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


@pytest_asyncio.fixture
async def hostile(app: Litestar, database: Database, territory: Territory) -> AsyncIterator[Hostile]:
    await open_purchase(database, territory, NOW)
    async with database.transaction() as session:
        held = await open_session(session, territory.people[FACILITATOR], NOW)
    token = await token_of(database, territory.people[FACILITATOR], territory.group_id, NOW)
    made = Hostile(app, held, token)
    made.client.headers["Cookie"] = f"{SESSION_COOKIE}={held}"
    shown = TOKEN.search((await made.client.get("/compte")).text)
    assert shown is not None
    made.csrf = shown[1]
    del made.client.headers["Cookie"]
    yield made
    await made.client.aclose()


def path_of(route: Walked, value: Callable[[str], str]) -> str:
    class Each(dict[str, Any]):
        def __missing__(self, name: str) -> str:
            return value(name)

    return route.template.format_map(Each())


def usual(name: str) -> str:
    return VALUES.get(name, "1")


LEAVING = ("/deconnexion", "/compte/sessions", "/compte/jetons")
"""They end what the next request would stand on."""


async def round_of(hostile: Hostile, share: int, of: int) -> None:
    """What is hostile in addresses, headers and bodies: each route gets its share, all get everything in turn."""
    watching = asyncio.create_task(hostile.blocks.watch())
    turn = share
    for route in routes_of(hostile.app):
        address = path_of(route, usual)
        tries: list[tuple[str, bytes, dict[str, str]]] = []
        for odd in ODD:
            tries.append((path_of(route, lambda name, odd=odd: VALUES["group"] if name == "group" else odd), b"", {}))  # type: ignore[misc]
            tries.append((f"{address}?apres={odd}&avant={odd}&after={odd}&suite={odd}&{odd}={odd}", b"", {}))
        tries += [(address, b"", headers) for headers in HEADERS]
        if route.method in UNSAFE_METHODS and not address.startswith(LEAVING):
            programs = address.startswith("/api/")
            sent = [("application/json", body) for body in BODIES] if programs else form(hostile.csrf)
            tries += [(address, body, {"Content-Type": kind}) for kind, body in sent]
        for path, content, headers in tries:
            turn += 1
            if turn % of == 0:
                await hostile.send(route.method, path, what=f"{headers} {content[:30]!r}", content=content, **headers)
    watching.cancel()


async def test_no_route_fails_or_holds_up_the_others(hostile: Hostile) -> None:
    for route in routes_of(hostile.app):  # templates are compiled, statements prepared
        if route.method == "GET":
            await hostile.send("GET", path_of(route, usual), what="as usual")
    await round_of(hostile, 0, 11)
    assert hostile.failed == []
    gc.collect()
    gc.freeze()  # what the other tests left: looking through it would be counted as a request's time
    before, hostile.blocks.longest = psutil.Process().memory_info().rss, (0.0, "")
    await round_of(hostile, 5, 11)
    assert hostile.failed == []
    assert hostile.blocks.longest[0] < LONGEST_BLOCK, hostile.blocks.longest
    gc.unfreeze()
    gc.collect()
    assert psutil.Process().memory_info().rss - before < MOST_KEPT


def test_every_hostile_thing_comes_to_some_route() -> None:
    """A round of eleven leaves none out, since routes have other numbers of tries."""
    assert math.gcd(len(ODD) * 2 + len(HEADERS), 11) == 1


async def test_no_route_waits_for_a_body_that_does_not_come(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    """With a session, with a token or with neither: it is given up before anything is opened for it."""
    monkeypatch.setattr(bodies, "TIME_FOR_A_BODY", timedelta(milliseconds=5))
    monkeypatch.setattr(bodies, "SLOWEST_BODY", 10**12)

    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(60)

    written = [route for route in routes_of(hostile.app) if route.method in UNSAFE_METHODS]
    assert len(written) > 100
    for route in written:
        for known in (True, False):
            given = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
            if known:
                given |= {"Authorization": f"Bearer {hostile.token}", "Cookie": f"{SESSION_COOKIE}={hostile.session}"}
            hostile.client.cookies.clear()
            answer = await hostile.client.request(route.method, path_of(route, usual), content=slow(), headers=given)
            refused_before = not known and answer.status_code in {303, 401}
            assert answer.status_code == 408 or refused_before, (route, known, answer.status_code)

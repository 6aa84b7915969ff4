"""Every route, sent what no browser sends: none fails, none holds up the others, nothing stays in memory."""

import asyncio
import gc
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any
from unittest.mock import patch

import httpx
import psutil
import pytest
import pytest_asyncio
from litestar import Litestar

from api_client import token_of
from factories import NOW, Territory, make_territory, open_purchase
from pooling.accounts.sessions import open_session
from pooling.allocation.editing import member_numbers
from pooling.embedded.postgres import EmbeddedPostgres
from pooling.kernel.database import Database
from pooling.web import bodies
from pooling.web.api_input import MOST_IN_JSON
from pooling.web.bodies import LARGEST_BODY, LARGEST_LONG_BODY
from pooling.web.form_reading import MOST_FIELDS, MULTIPART, URL_ENCODED
from pooling.web.security import SESSION_COOKIE, UNSAFE_METHODS
from pooling.web.server import TURN
from routes import Walked, routes_of
from web_client import TOKEN, stand_on

FACILITATOR = "animation@bassin.example"
LONGEST_BLOCK = 0.1
"""Seconds of a processor that one turn of the event loop may take: others wait as long."""
LONGEST_WAIT = 0.25
"""Seconds of a processor that somebody else's page may take in all meanwhile. A machine with much to do wakes up late
who was lent the interpreter, a dozen times a page: quiet it takes 0.09 at the most, busy it took 0.2.
"""
MOST_KEPT = 40_000_000
"""Bytes that the process may have grown by: less than two of the refused forms that it once kept for good."""
VALUES = {"group": "bassin", "reference": "AG-2027-001", "member": "213302607", "number": "1"}
ROUND = 43
"""Routes get one of so many hostile things in each round: there are some dozens of routes for each."""
MARK = "typed-by-claire"
"""What nobody who reads a log may find there."""
ODD = ("%00", "%ED%A0%80", "%FF", "%C0%80", "9" * 40, "x" * 3000, "..%2F..", "%E2%80%AE", "-1", "%F0%9F%9A%B2", MARK)
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
        (URL_ENCODED, token + b"&".join(f"{name}={MARK}".encode() for name in NAMES)),
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
    json.dumps(dict.fromkeys(NAMES, MARK)).encode(),
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
    """How long the event loop was held at most by one thing that it does, in seconds of its processor, so that a busy
    machine changes nothing.
    """

    def __init__(self) -> None:
        self.longest = (0.0, "")
        self.doing = ""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        run, is_watched = asyncio.Handle._run, True

        def timed(handle: asyncio.Handle) -> None:
            began = time.thread_time()
            run(handle)
            if is_watched:
                self.longest = max(self.longest, (time.thread_time() - began, self.doing))

        with patch.object(asyncio.Handle, "_run", timed):
            await asyncio.sleep(0)  # the block begins, and ends, with a turn of its own
            yield
            await asyncio.sleep(0)
            is_watched = False


class Hostile:
    """Somebody who sends all of it, signed in, with a token, or neither."""

    def __init__(self, app: Litestar, session: str, token: str, session_of_another: str) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        self.app, self.session, self.token, self.session_of_another = app, session, token, session_of_another
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
    async with _hostile(app, database, territory) as made:
        yield made


@pytest_asyncio.fixture
async def hostile_among_others(app: Litestar, fresh_database: Database) -> AsyncIterator[Hostile]:
    """On a database with several connections."""
    territory = await make_territory(fresh_database, NOW)
    stand_on(app, database=fresh_database)
    async with _hostile(app, fresh_database, territory) as made:
        yield made


@pytest.fixture
def usual_rubbish() -> Iterator[None]:
    """It is looked for as often as under our server: the other tests do it seldom, and then for long."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.fixture
def patient_threads() -> Iterator[None]:
    """As under our server."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    yield
    sys.setswitchinterval(before)


@asynccontextmanager
async def _hostile(app: Litestar, database: Database, territory: Territory) -> AsyncIterator[Hostile]:
    await open_purchase(database, territory, NOW)
    async with database.transaction() as session:
        held = await open_session(session, territory.people[FACILITATOR], NOW)
        other = await open_session(session, territory.people["referent@lugos.example"], NOW)
    token = await token_of(database, territory.people[FACILITATOR], territory.group_id, NOW)
    made = Hostile(app, held, token, other)
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


BEHIND_ITS_LINK = "/offre/{group}/{key}/pieces"
"""Nobody's files are taken there, not even read, but those of whoever opened the link."""


async def round_of(hostile: Hostile, share: int, of: int) -> None:
    """What is hostile in addresses, headers and bodies: each route gets its share, all get everything in turn."""
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
                async with hostile.blocks.watching():
                    await hostile.send(
                        route.method, path, what=f"{headers} {content[:30]!r}", content=content, **headers
                    )


async def test_no_route_fails_or_holds_up_the_others(
    hostile: Hostile, caplog: pytest.LogCaptureFixture, postgres: EmbeddedPostgres, usual_rubbish: None
) -> None:
    for route in routes_of(hostile.app):  # templates are compiled, statements prepared
        if route.method == "GET":
            await hostile.send("GET", path_of(route, usual), what="as usual")
    await round_of(hostile, 0, ROUND)
    assert hostile.failed == []
    gc.collect()
    gc.freeze()  # what the other tests left: looking through it would be counted as a request's time
    before = psutil.Process().memory_info().rss
    for _ in range(3):  # other programs lengthen one round or another; what holds up the others does so in each
        hostile.blocks.longest = (0.0, "")
        await round_of(hostile, 5, ROUND)
        assert hostile.failed == []
        if hostile.blocks.longest[0] < LONGEST_BLOCK:
            break
    assert hostile.blocks.longest[0] < LONGEST_BLOCK, hostile.blocks.longest
    gc.unfreeze()
    gc.collect()
    assert psutil.Process().memory_info().rss - before < MOST_KEPT
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]  # which is the caller's
    assert MARK not in "".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    assert MARK not in postgres.log.read_text(), "PostgreSQL quotes what it cannot read: it is given nothing to read"


async def test_what_holds_up_the_others_would_be_seen() -> None:
    blocks = Blocks()
    async with blocks.watching():
        until = time.thread_time() + LONGEST_BLOCK
        while time.thread_time() < until:
            pass
    assert blocks.longest[0] >= LONGEST_BLOCK


def test_every_hostile_thing_comes_to_some_route() -> None:
    """A round leaves none out, since routes have other numbers of tries."""
    assert math.gcd(len(ODD) * 2 + len(HEADERS), ROUND) == 1


OWN_LISTS = {"liste": "liste", "compte-rendu": "minutes", "cles": "weights"}
"""Where a long form has its list, by the end of its address."""


def large_forms(csrf: str, size: int, *, among: str | None) -> Iterator[tuple[str, str, bytes]]:
    """The forms that take longest to read, each with what it is and its type; `among`, the field that is a list."""
    token = f"csrf={csrf}&".encode()
    encoded = min(size, LARGEST_LONG_BODY) - len(token) - 30
    yield "escapes", URL_ENCODED, token + b"name=" + b"%C3%A9" * (encoded // 6)
    yield "fields", URL_ENCODED, token + b"&".join([b"f=" + b"%41" * (encoded // MOST_FIELDS // 3 - 2)] * 9_990)
    for what, part in LISTED if among else ():
        yield what, URL_ENCODED, token + f"{among}=".encode() + part * (encoded // len(part))
    part = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    head = part % (b"csrf", csrf.encode())
    several = part % (b"f", b"a" * 80)
    yield "parts", f"{MULTIPART}; boundary=x", head + several * min(9_990, size // len(several) - 3) + b"--x--\r\n"
    letters = min(size, LARGEST_LONG_BODY)
    for name, content, most in ((b"name", b"\r\n--", size), (b"name", "é".encode(), letters), (FILE, b"PK\3\4", size)):
        long = part % (name, content * ((most - 1_000) // len(content)))
        yield f"{content!r} in parts", f"{MULTIPART}; boundary=x", head + long + b"--x--\r\n"


FILE = b'files"; filename="a.docx'
LISTED = (("lines", b"%0A"), ("short lines", b"a%0A"), ("cells", b"a;b%09;%0A"), ("letters", b"%C2%A0e%CC%81"))


def large_json(size: int) -> Iterator[tuple[str, str, bytes]]:
    """The same of JSON."""
    many = min(MOST_IN_JSON - 10, size // 2)
    for what, content in (
        ("numbers", {"participants": [0] * min(many, size // 3 - 10)}),
        ("objects", {"items": [{}] * min(many, size // 4 - 10)}),
        ("codes", {"participants": ["1" * 38] * min(50_000, (size - 50) // 44)}),
        ("names", {f"f{place}": 1 for place in range(min(many, size // 14 - 10))}),
    ):
        yield what, "application/json", json.dumps(content).encode()
    for what, part in (("letters", b"a"), ("accents", "e\u0301".encode()), ("quotes", b'\\"'), ("escapes", b"\\u00e9")):
        yield what, "application/json", b'{"title":"' + part * ((size - 50) // len(part)) + b'"}'
    for what, part in (("open", b"["), ("pairs", b"[]"), ("strings", b'"'), ("blanks", b" ")):
        yield what, "application/json", part * (size // len(part))


class Waiting:
    """Somebody else, who asks for a page again and again while all of this is read: how long that takes at most, in
    seconds of this process's processor, in whichever thread: what holds the interpreter counts, a busy machine does
    not.
    """

    def __init__(self, hostile: Hostile) -> None:
        self._hostile = hostile

    async def at_best(self, sending: Callable[[], Awaitable[None]], tries: int = 8) -> float:
        """The longest wait, as often as it takes to be short: what else this process does now and then is not the
        body's, nor is how late a machine with much to do wakes up who was lent the interpreter.
        """
        waits = await self._longest(sending)
        for _ in range(tries - 1):
            waits = waits if waits <= LONGEST_WAIT else min(waits, await self._longest(sending))
        return waits

    async def _longest(self, sending: Callable[[], Awaitable[None]]) -> float:
        done, waits = asyncio.Event(), [0.0]
        asking = asyncio.create_task(self._ask(done, waits))
        await sending()
        done.set()
        await asking
        return max(waits)

    async def _ask(self, done: asyncio.Event, waits: list[float]) -> None:
        cookie = f"{SESSION_COOKIE}={self._hostile.session_of_another}"
        transport = self._hostile.client._transport
        while not done.is_set():
            began = time.process_time()
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                answer = await client.get("/compte", headers={"Cookie": cookie})
            assert answer.status_code == 200
            waits.append(time.process_time() - began)


def largest_bodies(hostile: Hostile) -> Iterator[tuple[Walked, str, tuple[str, str, bytes]]]:
    """Routes with their addresses get one of the largest bodies that they take, every third of those that read no more
    than all do; those that read more than others get all, but for files: of the routes that read as much of them, one.
    """
    turn, read_all = 0, set()
    for route in routes_of(hostile.app):
        address = path_of(route, usual)
        if route.method not in UNSAFE_METHODS or address.startswith(LEAVING):
            continue
        is_long, turn = route.largest > LARGEST_BODY, turn + 1
        among = OWN_LISTS.get(address.rpartition("/")[2]) if is_long else NAMES[turn % len(NAMES)]
        programs = address.startswith("/api/")
        first, every = turn // 3 % 10, 10
        if is_long and (among is not None or programs):
            first, every = 0, 1
        elif route.largest > LARGEST_LONG_BODY:
            first, every = (turn % 3, 3) if route.largest in read_all else (0, 1)
            read_all.add(route.largest)
        elif not is_long and turn % 3:
            continue
        of_it = large_json(route.largest) if programs else large_forms(hostile.csrf, route.largest, among=among)
        yield from ((route, address, body) for body in islice(of_it, first, None, every))


async def test_whoever_sends_much_keeps_nobody_waiting(
    hostile_among_others: Hostile, monkeypatch: pytest.MonkeyPatch, patient_threads: None, usual_rubbish: None
) -> None:
    monkeypatch.setattr(member_numbers, "MOST_BOXES", 0)  # every number is in a pasted list
    hostile, slow = hostile_among_others, []
    waiting = Waiting(hostile)
    gc.collect()
    gc.freeze()
    for route, address, (what, kind, body) in largest_bodies(hostile):
        assert len(body) <= route.largest, (what, route)
        sending = partial(hostile.send, route.method, address, what=what, content=body, **{"Content-Type": kind})
        waits = await waiting.at_best(sending)
        if waits > LONGEST_WAIT:
            slow.append((round(waits, 3), what, len(body), route.method, address))
    gc.unfreeze()
    assert hostile.failed == []
    assert slow == []


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
            refused_before |= route.template == BEHIND_ITS_LINK and answer.status_code == 404
            assert answer.status_code == 408 or refused_before, (route, known, answer.status_code)

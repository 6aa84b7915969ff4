"""Whatever browsers and programs bring back or send is taken, refused with a reason, or not seen: never a failure."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from api_client import Connect, Program
from factories import NOW, Territory, open_purchase
from fuzz.altering import altered
from fuzz.profile import fuzzed
from ground.web import SECRET
from pooling.kernel.carried import pack, sign, signed, unpack
from pooling.kernel.database import Database
from pooling.kernel.errors import Invalid
from pooling.kernel.files import Upload
from pooling.web import api_input
from pooling.web.api import ApiIn
from pooling.web.flash import FLASH_COOKIE, pack_flash, unpack_flash
from pooling.web.form_reading import MULTIPART, URL_ENCODED, TooManyFields, UnreadableForm, read_fields
from pooling.web.security import SESSION_COOKIE, UNSAFE_METHODS, VISITOR_COOKIE, is_path_for_programs, local_path
from routes import routes_of
from web_client import Browser, SignIn

FACILITATOR = "animation@bassin.example"
FAILED = 500
VALUES = {"group": "bassin", "reference": "AG-2027-001", "member": "213302607"}
LATIN = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
"""What stands in a header: others are refused before our code."""
HEADERS = ["Accept", "Accept-Language", "If-None-Match", "Range", "Origin", "Referer", "X-Forwarded-For"]
NAMES = [
    "title",
    "description",
    "lead_member",
    "items",
    "participants",
    "closes_at",
    "reason",
    "quantities",
    "comment",
    "day",
    "hour",
    "place",
    "kind",
    "roles",
    "content",
    "seen",
    "version",
]
header_texts = st.text(LATIN, max_size=60)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2027-03-30", "14:30", "1e9", "9" * 40, "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def text_altered(genuine: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return altered(genuine.map(lambda text: text.encode("utf-8", "surrogatepass"))).map(lambda c: c.decode("latin-1"))


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.tuples(words | st.dates() | st.datetimes(timezones=st.just(UTC)), st.integers(-(2**70), 2**70))


@fuzzed
@given(st.text(max_size=80) | text_altered(keys.map(pack)), st.sampled_from([str, date, datetime]))
def test_a_cursor_is_ours_or_none(packed: str, kind: type[str | date]) -> None:
    found = unpack(packed, (kind, int))
    if found is not None:
        assert unpack(pack(found), (kind, int)) == found
    unpack(packed, (str, int, str))


@fuzzed
@given(words, words, text_altered(st.builds(pack_flash, st.just(SECRET), words, words)) | st.text(max_size=80))
def test_a_flash_is_the_one_that_was_signed(kind: str, text: str, other: str) -> None:
    for found in unpack_flash(SECRET, other):
        assert pack_flash(SECRET, found["kind"], found["text"]) == other
    assert unpack_flash("another secret", pack_flash(SECRET, kind, text)) == []
    assert signed(SECRET, sign(SECRET, pack((kind, text)))) == pack((kind, text))


@fuzzed
@given(st.text(max_size=80) | text_altered(st.sampled_from(["/g/bassin?a=b", "//x.fr", "/\\x.fr", "https://x.fr/"])))
def test_the_way_on_stays_here(typed: str) -> None:
    path = local_path(typed)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


MEDIA_TYPES = st.sampled_from([URL_ENCODED, f"{MULTIPART}; boundary=x", f"{URL_ENCODED}; charset=utf-8"])
FORMS = (
    *(
        b"a=1&b=%C3%A9&c=",
        b"a=%FF",
        b"&&&===",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    ),
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\nContent-Type: a/b\r\n\r\n%PDF-\r\n--x--\r\n',
)


@fuzzed
@given(MEDIA_TYPES | text_altered(MEDIA_TYPES), altered(st.sampled_from(FORMS)) | st.binary(max_size=200))
async def test_a_form_is_read_or_refused(media_type: str, body: bytes) -> None:
    try:
        fields = await read_fields(media_type, body)
    except (UnreadableForm, TooManyFields):
        return
    assert all(
        name.isprintable() and ("\x00" not in v if isinstance(v, str) else isinstance(v, Upload)) for name, v in fields
    )


class Anything(ApiIn):
    title: str = ""
    count: int = 0
    inside: dict[str, Any] | list[Any] | None = None


@fuzzed
@given(altered(json_values.map(lambda value: json.dumps(value).encode())) | st.binary(max_size=100))
def test_json_is_read_or_refused(body: bytes) -> None:
    with suppress(api_input.Malformed, Invalid):
        assert isinstance(api_input._read(body, Anything), Anything)


class _Usual(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "1"


def places(app: Litestar) -> list[tuple[str, str]]:
    """Every route with usual values in its address."""
    usual = _Usual(VALUES)
    return [(route.method, route.template.format_map(usual)) for route in routes_of(app)]


@dataclass(frozen=True)
class Held:
    """A browser, and the token of its session, which odd cookies may take away."""

    browser: Browser
    held: str


@pytest_asyncio.fixture
async def facilitator(database: Database, territory: Territory, sign_in: SignIn) -> Held:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    return Held(browser, browser.token)


@pytest_asyncio.fixture
async def program(database: Database, territory: Territory, connect: Connect) -> Program:
    await open_purchase(database, territory, NOW)
    return await connect(FACILITATOR)


def sent(headers: Mapping[str, str], cookies: Mapping[str, str]) -> dict[bytes, bytes]:
    said = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {name.encode(): value.encode("latin-1") for name, value in {**headers, "Cookie": said}.items()}


@fuzzed
@given(
    st.integers(0, 1000),
    text_altered(keys.map(pack)) | keys.map(pack),
    st.dictionaries(st.sampled_from(HEADERS), header_texts, max_size=3),
    st.dictionaries(st.sampled_from([FLASH_COOKIE, VISITOR_COOKIE, SESSION_COOKIE, "x"]), header_texts, max_size=3),
)
async def test_no_page_fails_over_cookies_cursors_and_headers(
    facilitator: Held, turn: int, cursor: str, headers: Mapping[str, str], cookies: Mapping[str, str]
) -> None:
    pages = [
        path for method, path in places(facilitator.browser.app) if method == "GET" and not path.startswith("/health")
    ]
    path = pages[turn % len(pages)]
    given_by_us = {SESSION_COOKIE: facilitator.held}
    facilitator.browser.client.cookies.clear()
    answer = await facilitator.browser.client.get(
        path,
        params={"apres": cursor, "after": cursor, "cherche": cursor},
        headers=sent(headers, {**given_by_us, **cookies}),
    )
    assert answer.status_code < FAILED, path


@fuzzed
@given(
    st.integers(0, 1000),
    altered(json_values.map(lambda value: json.dumps(value).encode()))
    | st.dictionaries(st.sampled_from(NAMES), json_values, max_size=6).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["If-Match", "Idempotency-Key"]), header_texts, max_size=2),
)
async def test_no_route_for_programs_fails_over_a_body(
    app: Litestar, program: Program, turn: int, body: bytes, headers: Mapping[str, str]
) -> None:
    written = [
        (method, path) for method, path in places(app) if method in UNSAFE_METHODS and is_path_for_programs(path)
    ]
    method, path = written[turn % len(written)]
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    answer = await program.client.request(
        method, path, content=body, headers={b"Content-Type": b"application/json", **encoded}
    )
    assert answer.status_code < FAILED, (method, path)

"""What strangers send: nothing of it is kept, nothing waits for it, nothing of it is read in a way that they choose."""

import functools
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from api_client import API, Program, problem, token_of
from factories import NOW, Territory
from pooling.kernel.database import Database
from pooling.web.bodies import LARGEST_BODY, LARGEST_LONG_BODY
from pooling.web.form_reading import MULTIPART, URL_ENCODED
from web_client import Browser, SignIn

FACILITATOR = "animation@bassin.example"
MARK = "a-word-that-nobody-else-says"


@pytest_asyncio.fixture
async def program(app: Litestar, database: Database, territory: Territory) -> AsyncIterator[Program]:
    made = Program(app, await token_of(database, territory.people[FACILITATOR], territory.group_id, NOW))
    yield made
    await made.close()


def caches() -> Iterator[Any]:
    return (found for found in gc.get_objects() if isinstance(found, functools._lru_cache_wrapper))


def keeping(word: str) -> set[str]:
    return {
        f"{cache.__module__}.{cache.__qualname__}"
        for cache in caches()
        if any(word in repr(kept) for kept in gc.get_referents(cache) if isinstance(kept, dict))
    }


async def test_no_cache_keeps_anything_of_a_request(
    app: Litestar, visitor: Browser, sign_in: SignIn, program: Program
) -> None:
    """Forms, queries and cookies hold codes, tokens and keys; forty refused forms of 5 MB took a gigabyte for good."""
    inside = await sign_in(FACILITATOR)
    for browser in (visitor, inside):
        browser.client.cookies.set("pooling-flash", f"{MARK}-flash")
        for path in (f"connexion?suite=/{MARK}", f"connexion/lien/{MARK}", f"g/bassin/membres?apres={MARK}"):
            await browser.client.get(
                f"/{path}", headers={"Accept": f"text/{MARK}", "Origin": f"https://{MARK}.example"}
            )
        for content in ({"email": f"{MARK}-form@bassin.example"}, {"csrf": MARK}):
            await browser.post("/connexion", content)
            await browser.client.post("/connexion", data=content, headers={"Origin": f"https://{MARK}.example"})
            await browser.client.post("/connexion", data=content, files={"file": (MARK, MARK.encode())})
    await program.get(f"{API}/members?after={MARK}")
    await program.post(f"{API}/members", {"code": MARK, MARK: MARK})
    of_the_client_here = {"urllib.parse.urlsplit"}
    assert keeping(MARK) <= of_the_client_here
    alive = functools.lru_cache(str)
    alive(MARK)
    assert "builtins.str" in keeping(MARK), "the search finds nothing at all"


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (f"{MULTIPART}; boundary=x", b'--x\r\nContent-Disposition: form-data; name="email"\r\n'
         b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 200_000 + b"\r\n--x--\r\n"),
        (f"{URL_ENCODED}; charset=idna", b"email=" + b"a" * 200_000),
        (URL_ENCODED, b"email=%ff"),
        (URL_ENCODED, b"email=\xff"),
        (URL_ENCODED, b"email=%00"),
        ("application/json", b"{}"),
        (MULTIPART, b"a"),
    ],
)  # fmt: skip
async def test_a_form_in_another_tongue_is_refused(visitor: Browser, media_type: str, body: bytes) -> None:
    answer = await visitor.client.post("/connexion", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 400
    assert "Ce formulaire n’est pas lisible" in answer.text


async def test_only_long_forms_may_be_long_and_only_from_who_is_signed_in(
    visitor: Browser, territory: Territory, sign_in: SignIn
) -> None:
    form = {"Content-Type": URL_ENCODED}
    refused = await visitor.client.post("/connexion", content=b"a" * (LARGEST_BODY + 1), headers=form)
    assert refused.status_code == 413
    assert "256\u00a0ko au plus" in refused.text
    listing = "/g/bassin/personnes/liste"
    stranger = await visitor.client.post(listing, content=b"a" * (LARGEST_BODY + 1), headers=form)
    assert stranger.headers["location"].startswith("/connexion")
    inside = await sign_in(FACILITATOR)
    assert (await inside.post(listing, {"liste": "x" * (LARGEST_BODY + 1)})).status_code == 422
    refused = await inside.client.post(listing, content=b"a" * (LARGEST_LONG_BODY + 1), headers=form)
    assert refused.status_code == 413


async def test_a_body_that_has_no_end_is_cut(visitor: Browser, program: Program) -> None:
    async def endless() -> Any:  # noqa: ANN401 - bytes, for ever
        while True:
            yield b"a" * 60_000

    refused = await visitor.client.post("/connexion", content=endless(), headers={"Content-Type": URL_ENCODED})
    assert refused.status_code == 413
    answer: httpx.Response = await program.client.post(f"{API}/members", content=endless())
    assert problem(answer) == (413, "too_large")

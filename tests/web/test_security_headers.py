"""What every answer says to the browser, whatever its kind; its cookies; whom to tell of a vulnerability."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from httpx import Response
from litestar import Litestar, get

from api_client import token_of
from factories import NOW, Territory, make_purchase
from ground.web import SECRET
from pooling.app import create_app
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from pooling.web import about
from pooling.web.branding import Territory as Branding
from pooling.web.form_reading import MOST_FIELDS
from pooling.web.security import HEADERS
from pooling.web.services import Services
from web_client import Browser, SignIn, stand_on

BUYER = "achats@arcachon.example"
ADDRESS = "https://achats.example.fr"


@get("/failing", right="anyone")
async def failing() -> None:
    raise RuntimeError("a secret of the inside: SELECT token_hash FROM sessions")


@pytest.fixture(scope="module")
def made() -> Litestar:
    """Put together once; with one more page, that fails."""
    database = Database.connect("postgresql://nowhere/none")
    application = create_app(Services(Settings(), database, Bell("unix:///nowhere/valkey.sock"), SECRET))
    application.register(failing)
    return application


@pytest.fixture
def app(made: Litestar, database: Database, clock: FixedClock, settings: Settings) -> Litestar:
    stand_on(made, database=database, clock=clock, settings=settings, territory=Branding())
    return made


@pytest.fixture
def public_app(app: Litestar, settings: Settings) -> Litestar:
    """The application of an installation that is not on this machine alone."""
    stand_on(app, settings=settings.model_copy(update={"base_url": ADDRESS}))
    return app


@pytest_asyncio.fixture
async def public(public_app: Litestar, database: Database) -> AsyncIterator[Browser]:
    browser = Browser(public_app, database)
    browser.client.base_url = ADDRESS
    yield browser
    await browser.close()


def directives(policy: str) -> dict[str, list[str]]:
    parts = (directive.split() for directive in policy.split(";"))
    return {name: sources for name, *sources in parts}


def assert_said(answer: Response) -> None:
    where = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value], f"{where} {name}"
    assert "cache-control" in answer.headers, where


KINDS: Mapping[str, tuple[str, int]] = {
    "page": ("/accessibilite", 200),
    "redirect to sign in": ("/g/bassin", 303),
    "no such page": ("/nulle-part", 404),
    "wrong method": ("/deconnexion", 405),
    "wrong parameter": ("/compte/jetons/x/revocation", 405),
    "failing": ("/failing", 500),
    "static": ("/static/tokens.css", 200),
    "no such static file": ("/static/none.css", 404),
    "no file has such a name": (f"/static/{'x' * 3_000}", 404),
    "branding": ("/branding.css", 200),
    "health": ("/health/live", 200),
    "not ready": ("/health/ready", 503),
    "api without token": ("/api/v1/me", 401),
    "api no such address": ("/api/v1/nowhere", 404),
    "api description": ("/api/openapi.json", 200),
}


def test_the_policy_allows_nothing_unsafe() -> None:
    policy = directives(HEADERS["Content-Security-Policy"])
    assert policy["default-src"] == policy["object-src"] == ["'none'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == ["'self'"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_answer_carries_the_headers(visitor: Browser, territory: Territory, kind: str) -> None:
    path, status = KINDS[kind]
    answer = await visitor.get(path)
    assert answer.status_code == status
    assert_said(answer)
    assert "strict-transport-security" not in answer.headers, "this machine speaks no HTTPS"


async def test_pages_downloads_and_refusals_of_a_group_carry_them_and_are_not_kept(
    database: Database, territory: Territory, sign_in: SignIn, app: Litestar
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    base = "/g/bassin/achats/AG-2027-001"
    answers = {
        path: await browser.get(path)
        for path in ("/g/bassin", f"{base}/couts/repartition.xlsx", f"{base}/journal/export.csv", "/compte", "/")
    }
    answers["403"] = await browser.get("/g/bassin/personnes")
    answers["403 forged"] = await browser.client.post("/deconnexion")
    answers["422"] = await browser.post("/compte/jetons", {"name": ""}, page="/compte/jetons")
    token = await token_of(database, territory.people[BUYER], territory.group_id, NOW)
    bearer = {"Authorization": f"Bearer {token}"}
    answers["api"] = await browser.get("/api/v1/groups/bassin/purchases", headers=bearer)
    answers["api file"] = await browser.get(
        "/api/v1/groups/bassin/purchases/AG-2027-001/allocation.csv", headers=bearer
    )
    assert [answers[name].status_code for name in ("403", "403 forged", "422", "api")] == [403, 403, 422, 200]
    for answer in answers.values():
        assert_said(answer)
        assert answer.headers["cache-control"] == "no-store", answer.request.url


@pytest.mark.parametrize("kind", KINDS)
async def test_browsers_come_back_over_https_only(public: Browser, territory: Territory, kind: str) -> None:
    answer = await public.get(KINDS[kind][0])
    assert_said(answer)
    said = answer.headers["strict-transport-security"]
    age = re.fullmatch(r"max-age=(\d+); includeSubDomains", said)
    assert age is not None
    assert int(age[1]) >= 365 * 86400


async def test_cookies_are_secret_and_of_this_host_alone(public: Browser, territory: Territory) -> None:
    """The visitor's, the session's and the sentence carried over a redirect; and they do open the session."""
    shown = await public.get("/connexion")
    assert cookies(shown).keys() == {"__Host-pooling-visitor"}
    public.client.cookies.set("__Host-pooling-session", "unknown", domain="achats.example.fr")
    gone = await public.post("/deconnexion", page="/connexion")
    assert cookies(gone).keys() == {"__Host-pooling-flash", "__Host-pooling-session"}
    for attributes in (*cookies(shown).values(), *cookies(gone).values()):
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


async def test_a_cookie_of_a_neighbour_opens_nothing(
    public: Browser, database: Database, territory: Territory, clock: FixedClock
) -> None:
    """A site beside this one may set `pooling-session` for the whole domain; it cannot set `__Host-…`."""
    await public.sign_in(
        territory.people[BUYER] if BUYER in territory.people else territory.people["referent@lugos.example"]
    )
    token = public.token
    public.client.cookies.clear()
    public.client.cookies.set("pooling-session", token, domain="achats.example.fr")
    assert (await public.get("/compte")).status_code == 303
    public.client.cookies.clear()
    public.client.cookies.set("__Host-pooling-session", token, domain="achats.example.fr")
    assert (await public.get("/compte")).status_code == 200


async def test_cookies_work_on_this_machine_without_https(visitor: Browser) -> None:
    ((name, attributes),) = cookies(await visitor.get("/connexion")).items()
    assert name == "pooling-visitor"
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "secure" not in attributes


def cookies(answer: Response) -> dict[str, set[str]]:
    """The attributes of each cookie that an answer sets, by name."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        first, *attributes = line.split(";")
        found[first.partition("=")[0]] = {attribute.strip().lower() for attribute in attributes}
    return found


async def test_a_failure_says_nothing_of_the_inside(visitor: Browser) -> None:
    answer = await visitor.get("/failing")
    assert answer.status_code == 500
    for inside in ("SELECT", "token_hash", "RuntimeError", "Traceback", ".py"):
        assert inside not in answer.text


@pytest.mark.parametrize(
    ("host", "refused_with"),
    [("127.0.0.1:8000/api/", 400), ("evil.example/api/v1", 400), ("evil.example", 403)],
)
async def test_the_host_header_decides_nothing(
    database: Database, territory: Territory, sign_in: SignIn, host: str, refused_with: int
) -> None:
    """One that is no host at all is refused by the framework; another's opens nothing and is written nowhere."""
    browser = await sign_in("animation@bassin.example")
    answer = await browser.client.post(
        "/g/bassin/reglages", data={"name": "Volé"}, headers={"Host": host, "Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == refused_with
    for path in ("/connexion", "/nulle-part"):
        shown = await browser.client.get(path, headers={"Host": host})
        assert "evil.example" not in shown.text
        assert shown.headers["content-type"].startswith("text/html")


async def test_a_form_of_a_million_fields_is_not_read(visitor: Browser) -> None:
    """Anybody may post: reading them would keep everybody else waiting for half a minute."""
    many = "&".join(f"f{place}=" for place in range(MOST_FIELDS + 2))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await visitor.client.post("/connexion", content=many, headers=kind)).status_code == 413
    assert (await visitor.client.post("/connexion", content=b"x" * 5_100_000, headers=kind)).status_code == 413


async def test_security_txt_names_the_contact(app: Litestar, visitor: Browser, clock: FixedClock) -> None:
    stand_on(app, territory=Branding(contact="achats@agglo.example"))
    answer = await visitor.get("/.well-known/security.txt")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:achats@agglo.example"
    assert fields["Preferred-Languages"] == "fr, en"
    assert fields["Canonical"] == "http://127.0.0.1:8000/.well-known/security.txt"
    until = datetime.fromisoformat(fields["Expires"])
    assert clock.now() < until <= clock.now() + timedelta(days=365)
    assert until - clock.now() == about.TRUE_FOR


@pytest.mark.parametrize("contact", ["", "le service achats de l’agglo", "a@b.fr\nContact: https://evil.example"])
async def test_without_an_address_there_is_no_security_txt(app: Litestar, visitor: Browser, contact: str) -> None:
    stand_on(app, territory=Branding(contact=contact))
    assert (await visitor.get("/.well-known/security.txt")).status_code == 404

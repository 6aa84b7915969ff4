"""The page of one's tokens, and the reference that is made from the description."""

import re
from datetime import timedelta

from litestar import Litestar
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy import text

from api_client import API, Connect, Program, problem
from factories import NOW, Territory, make_territory
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import Browser, SignIn, text_of

PAGE = "/compte/jetons"
REFERENT = "referent@lugos.example"
FORM = {"name": "Logiciel de finances", "group": "bassin", "scope": "write", "expires_on": "2027-03-31"}


def shown_token(page: str) -> str:
    found = re.search(r'<code id="jeton">(pool_[\w-]+)</code>', page)
    assert found is not None
    return found[1]


async def test_a_token_is_made_shown_once_used_and_revoked(sign_in: SignIn, app: Litestar, clock: FixedClock) -> None:
    browser = await sign_in(REFERENT)
    made = await browser.post(PAGE, FORM, page=PAGE)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    token = shown_token(made.text)
    listed = await browser.get(PAGE)
    assert token not in listed.text
    assert f"{token[:9]}…" in listed.text
    assert "Logiciel de finances" in text_of(listed)

    program = Program(app, token)
    said = (await program.get("/api/v1/me")).json()
    assert (said["email"], said["token"]["scope"]) == (REFERENT, "write")
    assert said["token"]["expires_at"] == "2027-03-31T21:59:59Z"
    address = re.search(r'action="(/compte/jetons/\d+/revocation)"', listed.text)
    assert address is not None
    assert (await browser.post(address[1], page=PAGE)).status_code == 303
    assert problem(await program.get("/api/v1/me")) == (401, "token_invalid")
    assert "Révoqué" in text_of(await browser.get(PAGE))
    clock.instant = NOW + timedelta(hours=1)
    assert "Le jeton est révoqué" not in text_of(await browser.get(PAGE))
    await program.close()


async def test_what_is_wrong_is_told_and_no_token_is_made(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    other = await make_territory(database, NOW, slug="autre")
    async with database.transaction(other.group_id) as session:
        await session.execute(text("UPDATE memberships SET ended_at = :now"), {"now": NOW})
    browser = await sign_in(REFERENT)
    for change in (
        {"name": ""},
        {"name": "x" * 81},
        {"group": "nulle-part"},
        {"group": "autre"},
        {"scope": "admin"},
        {"expires_on": "2027-02-28"},
        {"expires_on": "demain"},
        {"expires_on": "9999-12-31"},
    ):
        answer = await browser.post(PAGE, {**FORM, **change}, page=PAGE)
        assert answer.status_code == 422, change
        assert "<title>Erreur&nbsp;: " in answer.text
        assert 'id="jeton"' not in answer.text
    assert "Vos jetons" not in text_of(await browser.get(PAGE))


async def test_text_in_a_name_stays_text(sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    made = await browser.post(PAGE, {**FORM, "name": "<script>alert(1)</script>"}, page=PAGE)
    assert "<script>alert" not in made.text
    assert "&lt;script&gt;alert(1)" in made.text


async def test_another_person_s_token_is_not_there(sign_in: SignIn) -> None:
    owner, other = await sign_in(REFERENT), await sign_in("referent@salles.example")
    made = await owner.post(PAGE, FORM, page=PAGE)
    address = re.search(r'action="(/compte/jetons/\d+/revocation)"', made.text)
    assert address is not None
    assert (await other.post(address[1], page=PAGE)).status_code == 404
    for number in ("abc", "9" * 30, "0"):
        assert (await other.post(f"{PAGE}/{number}/revocation", page=PAGE)).status_code == 404
    assert "Vos jetons" not in text_of(await other.get(PAGE))
    assert "Révoqué" not in text_of(await owner.get(PAGE))


async def test_a_group_that_wants_a_second_factor_wants_it_for_a_token(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET second_factor_required = true"))
    browser = await sign_in(REFERENT)
    answer = await browser.post(PAGE, FORM, page=PAGE)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/compte/second-facteur")


async def test_a_visitor_signs_in_first(visitor: Browser) -> None:
    answer = await visitor.get(PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?suite=/compte/jetons")


async def test_the_description_says_every_endpoint_and_the_page_shows_it(visitor: Browser, app: Litestar) -> None:
    description = (await visitor.get("/api/openapi.json")).json()
    assert description["openapi"] == "3.1.0"
    assert description["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    routes = {
        (route.path_format, str(method))
        for route in app.routes
        if route.path.startswith("/api/v1")
        for method in getattr(route, "route_handler_map", {})
        if method != "OPTIONS"
    }
    described = {
        (path, method.upper()): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    assert set(described) == routes
    sections = {operation["tags"][0] for operation in described.values()}
    assert len(sections) > 10
    front, pages = await visitor.get("/api"), {section: await visitor.get(f"/api/{section}") for section in sections}
    shown = {answer: text_of(answer) for answer in (front, *pages.values())}
    for (path, method), operation in described.items():
        (section,) = operation["tags"]
        for page in (front, pages[section]):
            assert f"{method} {path}" in shown[page]
            assert f'id="{operation["operationId"]}"' in page.text
        assert f'href="/api/{section}#{operation["operationId"]}"' in front.text
        assert operation["summary"]
        assert "401" in operation["responses"]
        assert operation["security"] if "security" in operation else description["security"] == [{"token": []}]
    assert len({operation["operationId"] for operation in described.values()}) == len(described)
    places = dict(re.findall(r'id="schema-(\w+)"><a [^>]*href="(/api/\w+)#schema-\1"', front.text))
    assert places.keys() == description["components"]["schemas"].keys()
    assert [name for name, place in places.items() if place.removeprefix("/api/") not in sections] == []
    for section, page in pages.items():
        leads = set(re.findall(r'href="#([^"]+)"', page.text)) - {"contenu"}
        assert {lead for lead in leads if f'id="{lead}"' not in page.text} == set(), section
        assert "Right" not in shown[page]


async def test_the_reference_has_no_other_section(visitor: Browser, sign_in: SignIn) -> None:
    """Nor does whoever reads it find themselves signed out."""
    assert problem(await visitor.get("/api/nothing")) == (404, "not_found")
    assert "Se déconnecter" in text_of(await (await sign_in(REFERENT)).get("/api/journal"))


async def test_under_api_even_an_unknown_address_answers_a_problem(connect: Connect) -> None:
    program = await connect(REFERENT)
    for path in ("/api/v1/nothing", "/api/nothing", f"{API}/nothing"):
        assert problem(await program.get(path)) == (404, "not_found")
    assert problem(await program.client.delete(f"{API}/members")) == (405, "method_not_allowed")


async def test_the_description_is_one_that_others_read(visitor: Browser) -> None:
    """By the specification's own schema, with every reference followed; and two models never share a name, of which a
    generated client would keep one.
    """
    description = (await visitor.get("/api/openapi.json")).json()
    assert [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()] == []
    assert [name for name in description["components"]["schemas"] if "__" in name] == []

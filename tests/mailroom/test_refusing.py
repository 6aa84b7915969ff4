"""Doing without a kind of mail: from the mail by one click, or from one's own page."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from factories import NOW, Territory, make_territory
from pooling.kernel.database import Database
from pooling.mailroom.one_click_pages import WRONG_KEYS
from pooling.web.security import FROM_MAIL_PROGRAMS
from web_client import Browser, SignIn, features_in, text_of

LUGOS = "referent@lugos.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def key_of(database: Database) -> Callable[[str], Awaitable[str]]:
    async def find(email: str) -> str:
        async with database.transaction() as session:
            found = await session.execute(text("SELECT mail_key FROM people WHERE email = :email"), {"email": email})
            return str(found.scalar_one())

    return find


async def declined(database: Database, territory: Territory) -> list[tuple[int, str]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(text("SELECT person_id, kind FROM reminder_opt_outs WHERE ended_at IS NULL"))
        return [(person, kind) for person, kind in rows]


@pytest.fixture
def mail_program(app: Litestar) -> httpx.AsyncClient:
    """Posts without a cookie, without a token, from another site."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)


KeyOf = Callable[[str], Awaitable[str]]


async def test_one_click_of_a_mail_program_is_enough_and_again_is_the_same(
    mail_program: httpx.AsyncClient, database: Database, territory: Territory, key_of: KeyOf
) -> None:
    url = f"/courriels/bassin/committee/{await key_of(LUGOS)}"
    for _ in range(2):
        answer = await mail_program.post(url, data=ONE_CLICK)
        assert answer.status_code == 200  # a redirection would not be followed
        assert "Vous ne recevrez plus ces courriels" in text_of(answer)
    assert await declined(database, territory) == [(territory.people[LUGOS], "committee")]


async def test_both_encodings_of_the_body_will_do(
    mail_program: httpx.AsyncClient, database: Database, territory: Territory, key_of: KeyOf
) -> None:
    url = f"/courriels/bassin/committee/{await key_of(LUGOS)}"
    assert (await mail_program.post(url, files={"List-Unsubscribe": (None, "One-Click")})).status_code == 200
    assert len(await declined(database, territory)) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_changes_nothing(
    mail_program: httpx.AsyncClient, database: Database, territory: Territory, key_of: KeyOf, method: str
) -> None:
    answer = await mail_program.request(method, f"/courriels/bassin/committee/{await key_of(LUGOS)}")
    assert answer.status_code < 500
    assert await declined(database, territory) == []


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Clicks"}, {"csrf": "x"}])
async def test_another_post_changes_nothing(
    mail_program: httpx.AsyncClient,
    database: Database,
    territory: Territory,
    key_of: KeyOf,
    body: dict[str, str],
) -> None:
    answer = await mail_program.post(f"/courriels/bassin/committee/{await key_of(LUGOS)}", data=body)
    assert "Ne plus recevoir" in text_of(answer)
    assert await declined(database, territory) == []


async def test_a_person_is_asked_may_change_their_mind_and_is_told(
    visitor: Browser, database: Database, territory: Territory, key_of: KeyOf
) -> None:
    url = f"/courriels/bassin/committee/{await key_of(LUGOS)}"
    asked = await visitor.get(url)
    assert "« Rappel de comité » du groupe « Bassin »" in text_of(asked)
    assert (await visitor.post(url, ONE_CLICK, page=url)).status_code == 200
    assert "Recevoir de nouveau" in text_of(await visitor.get(url))
    again = await visitor.post(f"{url}/reprise", page=url)
    assert (again.status_code, again.headers["location"]) == (303, url)
    assert await declined(database, territory) == []
    assert "Vous recevrez de nouveau ces courriels." in text_of(await visitor.get(url))


async def test_the_way_back_is_our_own_form_alone(
    mail_program: httpx.AsyncClient, database: Database, territory: Territory, key_of: KeyOf
) -> None:
    url = f"/courriels/bassin/committee/{await key_of(LUGOS)}"
    await mail_program.post(url, data=ONE_CLICK)
    assert (await mail_program.post(f"{url}/reprise")).status_code == 403
    assert len(await declined(database, territory)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/courriels/bassin/convocation/{key}",  # owed to whoever receives it
        "/courriels/bassin/committee_change/{key}",
        "/courriels/bassin/sign_in_code/{key}",
        "/courriels/bassin/nothing/{key}",
        "/courriels/autre/committee/{key}",
        "/courriels/nowhere/committee/{key}",
        "/courriels/bassin/committee/{key}0",
        "/courriels/bassin/committee/0",
        "/courriels/bassin/committee/%27%20OR%20true--",
    ],
)
async def test_what_is_wrong_in_the_address_does_not_exist(
    mail_program: httpx.AsyncClient, database: Database, territory: Territory, key_of: KeyOf, path: str
) -> None:
    await make_other_group(database)
    url = path.format(key=await key_of(LUGOS))
    assert (await mail_program.get(url)).status_code == 404
    assert (await mail_program.post(url, data=ONE_CLICK)).status_code == 404
    assert await declined(database, territory) == []


async def make_other_group(database: Database) -> None:
    """With people of its own."""
    other = await make_territory(database, NOW, slug="autre")
    async with database.transaction(other.group_id) as session:
        await session.execute(
            text("DELETE FROM memberships WHERE person_id = :person"), {"person": other.people[LUGOS]}
        )


async def test_wrong_keys_are_slowed_down_and_right_ones_never(
    mail_program: httpx.AsyncClient, territory: Territory, key_of: KeyOf
) -> None:
    for _ in range(WRONG_KEYS.most):
        assert (await mail_program.get("/courriels/bassin/committee/guess")).status_code == 404
    assert (await mail_program.get("/courriels/bassin/committee/guess")).status_code == 429
    assert (await mail_program.get(f"/courriels/bassin/committee/{await key_of(LUGOS)}")).status_code == 200


async def test_the_key_goes_to_no_other_site(
    mail_program: httpx.AsyncClient, territory: Territory, key_of: KeyOf
) -> None:
    answer = await mail_program.get(f"/courriels/bassin/committee/{await key_of(LUGOS)}")
    assert answer.headers["referrer-policy"] in {"same-origin", "no-referrer"}
    assert answer.headers["cache-control"] == "no-store"


async def test_no_other_route_takes_posts_from_elsewhere(app: Litestar) -> None:
    exempt = {
        route.path
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get(FROM_MAIL_PROGRAMS)
    }
    assert exempt == {"/courriels/{group:str}/{kind:str}/{key:str}"}


async def test_on_ones_own_page_kinds_are_switched_off_and_on(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(LUGOS)
    url = "/g/bassin/mes-courriels"
    shown = (await browser.get(url)).text
    assert 'value="committee" checked' in shown
    assert "Les acheteurs pilotes." in shown, "whom each concerns"
    await browser.post(url, {"kinds": "needs_deadline"}, page=url)
    kinds = sorted(kind for _, kind in await declined(database, territory))
    assert "committee" in kinds
    assert "needs_deadline" not in kinds
    assert 'value="committee" checked' not in (await browser.get(url)).text
    await browser.post(url, {"kinds": "committee"}, page=url)
    assert "committee" not in [kind for _, kind in await declined(database, territory)]


async def test_a_forged_kind_on_ones_own_page_changes_nothing(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(LUGOS)
    everything = [choice.name for choice in features_in(browser.app).choices]
    url = "/g/bassin/mes-courriels"
    page = await browser.get(url)
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    await browser.client.post(url, data={"csrf": token, "kinds": [*everything, "convocation", "x" * 500]})
    assert await declined(database, territory) == []

"""A form that comes when its session is gone loses nothing: it changes nothing, and is offered again to whoever typed
it, and to nobody else.
"""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import func, select, text

from accounts.test_sign_in import code_for, enter
from factories import NOW, Territory, open_purchase
from pooling.accounts.keeping import KEPT_FOR, LARGEST_KEPT, MOST_KEPT, OFFERED, forget_old
from pooling.accounts.models import KeptForm
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.needs.models import Declaration
from web_client import TOKEN, Browser, SignIn, text_of

GROUP = "/g/bassin"
PAGE = f"{GROUP}/achats/AG-2027-001/besoins/213302607"
REFERENT = "referent@lugos.example"
OTHER = "referent@salles.example"
TYPED = {"comment": "Devant l’école « Jules »\nà gauche", "quantite-1": "douze"}


@pytest.fixture
async def names(database: Database, territory: Territory) -> dict[str, str]:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT code, id FROM items WHERE purchase_id = :purchase"), {"purchase": purchase_id}
        )
        return {code: f"quantite-{item}" for code, item in rows}


async def token_on(browser: Browser, page: str) -> str:
    found = TOKEN.search((await browser.get(page)).text)
    assert found is not None
    return found[1]


async def send(
    browser: Browser, token: str, values: dict[str, str], *, to: str = f"{PAGE}/depot", page: str = PAGE
) -> httpx.Response:
    """As the browser sends a form that was opened before."""
    return await browser.client.post(
        to,
        data={"csrf": token, **values},
        headers={"Sec-Fetch-Site": "same-origin", "Referer": f"http://127.0.0.1:8000{page}"},
    )


async def declared(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        return (await session.execute(select(func.count()).select_from(Declaration))).scalar_one()


async def kept_count(database: Database) -> int:
    async with database.transaction() as session:
        return (await session.execute(select(func.count()).select_from(KeptForm))).scalar_one()


async def offered(browser: Browser) -> list[str]:
    """Addresses at which what was typed is opened again."""
    page = await browser.get(OFFERED)
    return [unescape(address) for address in re.findall(r'href="([^"]+reprise=\d+)"', page.text)]


def holds_all(page: httpx.Response, names: dict[str, str]) -> bool:
    return f'name="{names["arceau"]}"' in page.text and all(
        words in page.text for words in ('value="douze"', "Devant l’école « Jules »\nà gauche</textarea>")
    )


async def test_after_the_idle_limit_the_page_comes_back_as_it_was_typed(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    clock.instant = NOW + timedelta(hours=13)
    typed = {names["arceau"]: "douze", "comment": TYPED["comment"]}
    answer = await send(browser, token, typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={OFFERED}")
    said = text_of(await browser.get("/connexion"))
    assert "Votre session avait pris fin" in said
    assert "gardé un jour" in said
    assert await declared(database, territory) == 0

    await browser.sign_in(territory.people[REFERENT])
    (address,) = await offered(browser)
    assert address.startswith(f"{PAGE}?reprise=")
    page = await browser.get(address)
    assert "Ce que vous aviez saisi est de retour" in text_of(page)
    assert holds_all(page, names)
    assert await declared(database, territory) == 0, "nothing changes until it is sent"

    resumed = TOKEN.search(page.text)
    assert resumed is not None
    refused = await send(browser, resumed[1], typed, page=address)
    assert (refused.status_code, await kept_count(database)) == (422, 1), "it stays until it is taken"
    again = TOKEN.search(refused.text)
    assert again is not None
    taken = await send(browser, again[1], {**typed, names["arceau"]: "12"}, page=f"{PAGE}/depot")
    assert (taken.status_code, await declared(database, territory), await kept_count(database)) == (303, 1, 0)


async def test_signing_in_leads_to_what_was_typed_whatever_one_was_going_to(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    clock.instant = NOW + timedelta(hours=13)
    await send(browser, token, {"comment": "Près du quai"})
    elsewhere = Browser(browser.app, database)
    answer = await enter(elsewhere, await code_for(elsewhere, database, suite="/compte"))
    assert answer.headers["location"] == f"{OFFERED}?suite=/compte"
    page = await elsewhere.get(answer.headers["location"])
    assert 'href="/compte"' in page.text
    await elsewhere.close()


async def test_signed_out_in_another_tab(
    database: Database, territory: Territory, sign_in: SignIn, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    await browser.post("/deconnexion", {}, page="/compte")
    await browser.get("/connexion")
    answer = await send(browser, token, TYPED)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={OFFERED}")
    await browser.sign_in(territory.people[REFERENT])
    assert len(await offered(browser)) == 1


async def test_signed_in_again_in_another_tab(
    database: Database, territory: Territory, sign_in: SignIn, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    await browser.sign_in(territory.people[REFERENT])
    answer = await send(browser, token, {names["arceau"]: "douze", "comment": TYPED["comment"]})
    assert (answer.status_code, answer.headers["location"]) == (303, OFFERED)
    assert "connexion précédente" in text_of(await browser.get("/compte"))
    (address,) = await offered(browser)
    assert holds_all(await browser.get(address), names)
    assert await declared(database, territory) == 0


async def test_another_person_at_the_same_browser_sees_none_of_it(
    database: Database, territory: Territory, sign_in: SignIn, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    await browser.sign_in(territory.people[OTHER])
    answer = await send(browser, token, TYPED)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "quelqu’un d’autre" in text_of(await browser.get("/compte"))
    assert await offered(browser) == []
    async with database.transaction() as session:
        kept = (await session.execute(select(KeptForm))).scalar_one()
        kept_id, person, sealed = kept.id, kept.person_id, kept.content
    assert person == territory.people[REFERENT]
    assert b"Jules" not in sealed
    for address in (f"{PAGE}?reprise={kept_id}", f"{GROUP}?reprise={kept_id}"):
        assert "Jules" not in (await browser.get(address)).text
    await browser.post(f"{OFFERED}/{kept_id}/oubli")
    assert await kept_count(database) == 1, "it is not theirs to forget"

    await browser.sign_in(territory.people[REFERENT])
    assert len(await offered(browser)) == 1
    await browser.post(f"{OFFERED}/{kept_id}/oubli")
    assert await kept_count(database) == 0


async def test_a_form_that_says_a_person_without_our_signature_is_a_forgery(
    database: Database, territory: Territory, sign_in: SignIn, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token, author, mark, _ = (await token_on(browser, PAGE)).split(":")
    await browser.sign_in(territory.people[REFERENT])
    other = str(territory.people[OTHER])
    for forged in (
        "",
        token,
        f"{token}:{other}:{mark}",
        f"{token}:{author}:",
        f"{token}:{author}:{'0' * 64}",
        "::",
        "é:1:",
    ):
        assert (await send(browser, forged, TYPED)).status_code == 403, forged
    stranger = await browser.client.post(
        f"{PAGE}/depot", data={"csrf": f"{token}:{author}:{mark}", **TYPED}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert stranger.status_code == 403, "another site keeps nothing for anybody"
    said = text_of(stranger)
    assert "Cette page a expiré" in said
    assert "Accès réservé" not in said
    assert await kept_count(database) == 0


async def test_where_the_form_is_gone_its_values_are_still_shown(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    clock.instant = NOW + timedelta(days=13, hours=23)
    await send(browser, token, {names["arceau"]: "7", "comment": "Près du quai"})
    clock.instant = NOW + timedelta(days=14, hours=1)
    await browser.sign_in(territory.people[REFERENT])
    (address,) = await offered(browser)
    said = text_of(await browser.get(address))
    assert "Ce formulaire n’est plus proposé ici" in said
    assert "Près du quai" in said


async def test_what_is_kept_has_bounds(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    await browser.sign_in(territory.people[REFERENT])
    for number in range(MOST_KEPT + 3):
        await send(browser, token, {"comment": f"Version {number}"})
        await send(browser, token, {"comment": f"Version {number}"})
    assert await kept_count(database) == MOST_KEPT, "the same twice is kept once"
    assert f"Version {MOST_KEPT + 2}" in (await browser.get(OFFERED)).text
    await send(browser, token, {})
    await send(browser, token, {"comment": "  "})
    assert await kept_count(database) == MOST_KEPT, "nothing was typed"

    clock.instant = NOW + KEPT_FOR
    await browser.sign_in(territory.people[REFERENT])
    assert await offered(browser) == []
    async with database.transaction() as session:
        await forget_old(session, clock.instant)
    assert await kept_count(database) == 0


async def test_too_long_a_form_is_said_not_to_be_kept(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("animation@bassin.example")
    page = f"{GROUP}/personnes/liste"
    token = await token_on(browser, page)
    await browser.sign_in(territory.people["animation@bassin.example"])
    answer = await send(browser, token, {"people": "x" * (LARGEST_KEPT + 1)}, to=page, page=page)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert "n’a pas pu être gardé" in text_of(await browser.get("/compte"))
    assert await kept_count(database) == 0


async def test_a_code_is_kept_for_nobody(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, "/compte")
    await browser.sign_in(territory.people[REFERENT])
    for to in ("/connexion/second-facteur", "/compte/second-facteur/confirmation", "/connexion/code"):
        assert (await send(browser, token, {"code": "123456"}, to=to, page="/compte")).status_code == 303
    assert await kept_count(database) == 0


async def test_files_are_not_kept_and_it_is_said(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, names: dict[str, str]
) -> None:
    browser = await sign_in(REFERENT)
    token = await token_on(browser, PAGE)
    clock.instant = NOW + timedelta(hours=13)
    await browser.client.post(
        f"{PAGE}/depot",
        data={"csrf": token, "comment": "Voir le plan"},
        files={"plan": ("plan.pdf", b"%PDF")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    await browser.sign_in(territory.people[REFERENT])
    assert "Le fichier joint n’est pas gardé : plan.pdf" in text_of(await browser.get(OFFERED)).replace("\u00a0", " ")
    (address,) = await offered(browser)
    assert address.startswith(f"{PAGE}?"), "found without the browser saying where it comes from"
    assert "n’a pas été gardé, choisissez-le de nouveau" in text_of(await browser.get(address)).replace("\u00a0", " ")

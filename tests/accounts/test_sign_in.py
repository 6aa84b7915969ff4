"""Coming in by a mailed code or link, and what attackers try."""

import re
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import select
from sqlmodel import col

from factories import NOW, Territory
from pooling.accounts.models import SignInSession
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.outbox.models import Message
from pooling.web.security import local_path
from web_client import TOKEN, Browser, SignIn, text_of

EMAIL = "referent@lugos.example"


async def last_mail(database: Database) -> Message | None:
    async with database.transaction() as session:
        found = await session.execute(select(Message).where(col(Message.group_id).is_(None)).order_by(-col(Message.id)))
        return found.scalars().first()


def code_in(mail: Message) -> str:
    found = re.search(r"\b(\d{3} \d{3})\b", mail.body_text.replace("\u00a0", " "))
    assert found is not None
    return found[1]


def link_in(mail: Message) -> str:
    found = re.search(r"/connexion/lien/\S+", mail.body_text)
    assert found is not None
    return found[0]


async def ask(browser: Browser, email: str = EMAIL, suite: str = "/") -> Response:
    return await browser.post("/connexion", {"email": email, "suite": suite}, page="/connexion")


async def enter(browser: Browser, code: str) -> Response:
    return await browser.post("/connexion/code", {"code": code}, page="/connexion/code")


async def code_for(browser: Browser, database: Database, suite: str = "/") -> str:
    await ask(browser, suite=suite)
    mail = await last_mail(database)
    assert mail is not None
    return code_in(mail)


async def test_the_code_opens_a_session_and_goes_where_one_was_going(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    sent_away = await visitor.get("/g/bassin/membres")
    assert sent_away.headers["location"] == "/connexion?suite=/g/bassin/membres"
    code = await code_for(visitor, database, suite="/g/bassin/membres")
    answer = await enter(visitor, code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/g/bassin/membres")
    assert (await visitor.get("/g/bassin/membres")).status_code == 200


async def test_opening_the_link_signs_nobody_in_its_button_does(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    await code_for(visitor, database)
    mail = await last_mail(database)
    assert mail is not None
    link = link_in(mail)
    shown = await visitor.get(link)
    assert shown.status_code == 200
    assert (await visitor.get("/compte")).status_code == 303, "still a visitor after the GET"
    assert (await visitor.post(link, {}, page=link)).status_code == 303
    assert EMAIL in text_of(await visitor.get("/compte"))


async def test_a_link_works_only_in_the_browser_that_asked(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    await code_for(visitor, database)
    mail = await last_mail(database)
    assert mail is not None
    other = Browser(visitor.app, database)
    await other.get("/connexion")
    assert "là où vous l’avez demandé" in text_of(await other.get(link_in(mail)))
    assert (await other.post(link_in(mail), {}, page="/connexion")).status_code == 409
    assert (await enter(other, code_in(mail))).status_code == 422
    await other.close()


async def test_the_answer_is_the_same_for_an_unknown_address(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    known = await ask(visitor)
    before = await last_mail(database)
    unknown = await ask(visitor, email="inconnu@nulle-part.example")
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    after = await last_mail(database)
    assert before is not None
    assert after is not None
    assert before.id == after.id, "no mail left for the unknown address"
    assert (await enter(visitor, "000000")).status_code == 422


async def test_a_code_is_good_once(database: Database, territory: Territory, visitor: Browser) -> None:
    code = await code_for(visitor, database)
    browser_cookie = dict(visitor.client.cookies)
    assert (await enter(visitor, code)).status_code == 303
    again = Browser(visitor.app, database)
    again.client.cookies.update(browser_cookie)
    assert (await enter(again, code)).status_code == 422
    await again.close()


async def test_a_code_dies_after_ten_minutes(
    database: Database, territory: Territory, visitor: Browser, clock: FixedClock
) -> None:
    code = await code_for(visitor, database)
    clock.instant = NOW + timedelta(minutes=10)
    assert (await enter(visitor, code)).status_code == 422


async def test_guessing_stops_after_five_tries_even_with_the_right_code(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    code = await code_for(visitor, database)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert (await enter(visitor, wrong)).status_code == 422
    assert (await enter(visitor, code)).status_code == 422


async def test_asking_for_codes_is_throttled_per_account(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    statuses = [(await ask(visitor)).status_code for _ in range(6)]
    assert statuses == [303, 303, 303, 303, 303, 429]
    assert (await ask(visitor, email="referent@salles.example")).status_code == 303


async def test_a_planted_session_cookie_is_not_kept(database: Database, territory: Territory, visitor: Browser) -> None:
    visitor.hold("chosen-by-an-attacker")
    code = await code_for(visitor, database)
    answer = await enter(visitor, code)
    assert answer.status_code == 303
    token = visitor.token
    assert token != "chosen-by-an-attacker"
    assert len(token) >= 43, "256 bits"
    async with database.transaction() as session:
        hashes = (await session.execute(select(col(SignInSession.token_hash)))).scalars().all()
    assert all(token.encode() not in kept for kept in hashes), "only a hash is kept"


async def test_a_form_needs_this_sessions_token(database: Database, territory: Territory, sign_in: SignIn) -> None:
    mine, theirs = await sign_in(EMAIL), await sign_in("referent@salles.example")
    token = TOKEN.search((await theirs.get("/compte")).text)
    assert token is not None
    headers = {"Sec-Fetch-Site": "same-origin"}
    for data in ({}, {"csrf": token[1].partition(":")[0]}, {"csrf": ""}):
        answer = await mine.client.post("/compte/sessions/fin", data=data, headers=headers)
        assert answer.status_code == 403, data
    answer = await mine.client.post("/compte/sessions/fin", data={"csrf": token[1]}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), "a form of ours, but not of this session"
    assert "rien n’a été envoyé en votre nom" in text_of(await mine.get("/compte"))
    own = TOKEN.search((await mine.get("/compte")).text)
    assert own is not None
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = await mine.client.post("/compte/sessions/fin", data={"csrf": own[1]}, headers=headers)
        assert answer.status_code == 403, headers
    fine = await mine.client.post(
        "/compte/sessions/fin", data={"csrf": own[1]}, headers={"Origin": "http://127.0.0.1:8000"}
    )
    assert fine.status_code == 303


@pytest.mark.parametrize(
    "typed",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\r\nSet-Cookie: x=1",
        " /g",
    ],
)
async def test_nobody_is_sent_to_another_site(
    database: Database, territory: Territory, visitor: Browser, typed: str
) -> None:
    assert local_path(typed) == "/"
    answer = await enter(visitor, await code_for(visitor, database, suite=typed))
    assert answer.headers["location"] == "/"


async def test_one_ends_ones_other_sessions(database: Database, territory: Territory, sign_in: SignIn) -> None:
    here, there, somebody = await sign_in(EMAIL), await sign_in(EMAIL), await sign_in("referent@salles.example")
    assert (await here.post("/compte/sessions/fin", {"session": "others"}, page="/compte")).status_code == 303
    assert (await here.get("/compte")).status_code == 200
    assert (await there.get("/compte")).status_code == 303
    assert (await somebody.get("/compte")).status_code == 200, "not another person's"


async def test_a_session_ends_when_idle_and_for_good(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    idle, used = await sign_in(EMAIL), await sign_in(EMAIL)
    for hours in range(11, 24 * 30, 11):
        clock.instant = NOW + timedelta(hours=hours)
        assert (await used.get("/compte")).status_code == 200
    assert (await idle.get("/compte")).status_code == 303
    clock.instant = NOW + timedelta(days=30)
    assert (await used.get("/compte")).status_code == 303, "the absolute limit"


async def test_a_change_of_rights_changes_the_token(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(EMAIL)
    before = browser.token
    async with database.transaction() as session:
        held = (await session.execute(select(SignInSession))).scalar_one()
        held.rotate = True
    page = await browser.get("/compte")
    after = browser.token
    assert (page.status_code, before != after) == (200, True)
    assert (await browser.post("/compte/sessions/fin", {"session": "others"}, page="/compte")).status_code == 303
    browser.hold(before)
    assert (await browser.get("/compte")).status_code == 303


async def test_signing_out_ends_the_session(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(EMAIL)
    token = browser.token
    assert (await browser.post("/deconnexion", {}, page="/compte")).status_code == 303
    browser.hold(token)
    assert (await browser.get("/compte")).status_code == 303

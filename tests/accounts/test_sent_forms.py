"""Forms of no group that a browser sends twice: as it was by the second press, or as the first answer left it."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pyotp
import pytest
from litestar import Litestar
from sqlalchemy import func, select, text, update
from sqlmodel import col

from accounts.test_second_factor import set_up
from accounts.test_sign_in import EMAIL, code_for, last_mail, link_in
from actions.test_entries import SHUTTLES
from factories import NOW, Territory
from pooling.accounts.idempotency import KEPT, PRESSED_AGAIN
from pooling.accounts.models import ApiToken, IdempotencyKey, Person, SentForm, SignInSession
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Group
from pooling.outbox.models import Message
from pooling.worker import Work, forget_typed
from web_client import TOKEN, Browser, SignIn, give_second_factor, stand_on, text_of

GROUPS, CATALOGUE, TOKENS = "/administration/groupes", "/administration/catalogue", "/compte/jetons"
ADDRESS, FACTOR = "/compte/adresse", "/compte/second-facteur"
OBSERVER = "observation@bassin.example"
NEW = {"name": "Pays de Buch", "facilitator": "Animation", "email": "animation@buch.example"}
Values = Mapping[str, str]


async def pressed(
    browser: Browser, page: str, values: Values, to: str = "", *, as_it_was: bool = False
) -> tuple[httpx.Response, httpx.Response]:
    """What a form of one showing of this page is answered, twice. `as_it_was`: the second press holds the cookies of
    before, the first answer did not arrive.
    """
    found = TOKEN.search((await browser.get(page)).text)
    assert found is not None
    sent = {"csrf": found[1], **values}
    before = httpx.Cookies(browser.client.cookies)
    first = await browser.client.post(to or page, data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    if as_it_was:
        browser.client.cookies = before
    return first, await browser.client.post(to or page, data=sent, headers={"Sec-Fetch-Site": "same-origin"})


def alike(answers: tuple[httpx.Response, httpx.Response], location: str) -> None:
    assert [(one.status_code, one.headers.get("location")) for one in answers] == [(303, location)] * 2, [
        text_of(one) for one in answers
    ]


async def count(database: Database, model: type) -> int:
    async with database.transaction() as session:
        return (await session.execute(select(func.count()).select_from(model))).scalar_one()


async def administer(database: Database, browser: Browser, person_id: int) -> None:
    async with database.transaction() as session:
        await session.execute(update(Person).where(col(Person.id) == person_id).values(administrator=True))
        await give_second_factor(session, person_id, NOW)


async def test_an_administrator_is_not_told_that_it_exists_already(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(OBSERVER)
    await administer(database, browser, territory.people[OBSERVER])
    alike(await pressed(browser, f"{GROUPS}/nouveau", NEW), GROUPS)
    shown = text_of(await browser.get(GROUPS))
    assert "Le groupe est créé ; un courriel part à animation@buch.example" in shown
    assert shown.count("/g/pays-de-buch") == 1
    for step in ("archivage", "reouverture"):
        alike(await pressed(browser, f"{GROUPS}/pays-de-buch/{step}", {}), GROUPS)
    one = f"{CATALOGUE}/navettes-d-ete"
    alike(await pressed(browser, f"{CATALOGUE}/nouveau", SHUTTLES), one)
    changed = {**SHUTTLES, "what": "Une navette", "version": "1"}
    alike(await pressed(browser, f"{one}/fiche", changed), one)
    alike(await pressed(browser, f"{one}/retrait", {"version": "2"}), one)


async def test_a_group_is_made_once_by_two_presses_at_once(
    app: Litestar, fresh_database: Database, territory: Territory
) -> None:
    stand_on(app, database=fresh_database)
    browser = Browser(app, fresh_database)
    await browser.sign_in(territory.people[OBSERVER])
    await administer(fresh_database, browser, territory.people[OBSERVER])
    found = TOKEN.search((await browser.get(f"{GROUPS}/nouveau")).text)
    assert found is not None
    sent, headers = {"csrf": found[1], **NEW}, {"Sec-Fetch-Site": "same-origin"}
    answers = await asyncio.gather(
        *(browser.client.post(f"{GROUPS}/nouveau", data=sent, headers=headers) for _ in range(3))
    )
    assert [one.status_code for one in answers] == [303] * 3, [text_of(one) for one in answers]
    shown = await asyncio.gather(*(browser.post(f"{GROUPS}/nouveau", {**NEW, "name": "Médoc"}) for _ in range(3)))
    assert sorted(one.status_code for one in shown) == [303, 422, 422], "each from a page of its own"
    async with fresh_database.transaction() as session:
        names = (await session.execute(text("SELECT name FROM all_groups()"))).scalars().all()
    assert names.count("Pays de Buch") == 1
    await browser.close()


async def test_one_token_is_left_and_it_is_the_one_that_is_shown(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(EMAIL)
    values = {"name": "Logiciel", "group": "bassin", "scope": "read"}
    _, seen = await pressed(browser, TOKENS, values)
    token = re.search(r"pool_[\w-]{40,}", seen.text)
    assert token is not None
    assert await live(database) == [token[0][:9]]
    await pressed(browser, TOKENS, values)
    assert len(await live(database)) == 2, "another showing of the page is meant"


async def live(database: Database) -> list[str]:
    """How the tokens begin that open something."""
    async with database.transaction() as session:
        found = await session.execute(select(col(ApiToken.prefix)).where(col(ApiToken.revoked_at).is_(None)))
        return list(found.scalars())


@pytest.mark.parametrize("as_it_was", [True, False])
async def test_a_code_or_a_link_sent_twice_signs_in_once(
    database: Database, territory: Territory, visitor: Browser, as_it_was: bool
) -> None:
    sent = await pressed(visitor, "/connexion", {"email": EMAIL, "suite": "/g/bassin"})
    alike(sent, "/connexion/code")
    assert await count(database, Message) == 1
    mail = await last_mail(database)
    assert mail is not None
    link = link_in(mail)
    alike(await pressed(visitor, link, {}, as_it_was=as_it_was), "/g/bassin")
    visitor.client.cookies.clear()
    code = await code_for(visitor, database)
    alike(await pressed(visitor, "/connexion/code", {"code": code}, as_it_was=as_it_was), "/")
    assert await count(database, SignInSession) == 2, "one by the link, one by the code"


@pytest.mark.parametrize("as_it_was", [True, False])
async def test_signing_out_twice_is_no_late_form(
    database: Database, territory: Territory, sign_in: SignIn, as_it_was: bool
) -> None:
    browser = await sign_in(EMAIL)
    alike(await pressed(browser, "/compte", {}, "/deconnexion", as_it_was=as_it_was), "/connexion")
    assert "Vous êtes déconnecté" in text_of(await browser.get("/connexion"))


async def test_an_address_is_changed_once(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(EMAIL)
    alike(await pressed(browser, ADDRESS, {"email": "referente@lugos.example"}), f"{ADDRESS}/code")
    mail = await last_mail(database)
    assert mail is not None
    assert await count(database, Message) == 1
    code = "".join(letter for letter in mail.subject if letter.isdigit())
    alike(await pressed(browser, f"{ADDRESS}/code", {"code": code}), "/compte")
    assert "Votre adresse est désormais referente@lugos.example" in text_of(await browser.get("/compte"))


@pytest.mark.parametrize("as_it_was", [True, False])
async def test_a_second_factor_given_twice_is_given(
    territory: Territory, sign_in: SignIn, clock: FixedClock, as_it_was: bool
) -> None:
    telephone, _ = await set_up(await sign_in(EMAIL), clock)
    clock.instant = NOW + timedelta(minutes=5)
    browser, page = await sign_in(EMAIL), "/connexion/second-facteur"
    values = {"code": telephone.at(clock.now()), "suite": "/g/bassin"}
    alike(await pressed(browser, page, values, as_it_was=as_it_was), "/g/bassin")
    if not as_it_was:
        clock.instant += timedelta(minutes=5)
        alike(await pressed(browser, FACTOR, {"code": telephone.at(clock.now())}, f"{FACTOR}/retrait"), "/compte")


async def test_codes_that_were_shown_in_an_answer_nobody_saw_are_spoken_of(
    territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(EMAIL)
    page = await browser.post(FACTOR, {}, page=FACTOR)
    key, token = re.search(r"<strong>([A-Z2-7 ]+)</strong>", page.text), TOKEN.search(page.text)
    assert key is not None
    assert token is not None
    code = pyotp.TOTP(key[1].replace(" ", "")).at(clock.now())
    sent, headers = {"csrf": token[1], "code": code}, {"Sec-Fetch-Site": "same-origin"}
    answers = [await browser.client.post(f"{FACTOR}/confirmation", data=sent, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 303]
    assert "ne sont montrés qu’une fois" in text_of(await browser.get(answers[1].headers["location"]))


async def test_what_is_kept_for_it_goes_with_time_whoever_comes_back(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    """Of archived groups too."""
    async with database.transaction(territory.group_id) as session:
        for key, status, age in (
            ("page new", 303, timedelta()),
            ("page old", 303, PRESSED_AGAIN),
            ("program", 201, PRESSED_AGAIN),
            ("program of yesterday", 201, KEPT),
        ):
            session.add(
                IdempotencyKey(
                    group_id=territory.group_id,
                    person_id=territory.people[EMAIL],
                    key=key,
                    request_hash=b"",
                    status=status,
                    body={"words": "pour Animation"},
                    created_at=NOW - age,
                )
            )
        group = await session.get(Group, territory.group_id)
        assert group is not None
        group.archived_at = NOW
    async with database.transaction() as session:
        session.add(SentForm(key=b"new", noted={}, sent_at=NOW))
        session.add(SentForm(key=b"old", noted={}, sent_at=NOW - PRESSED_AGAIN))
    await forget_typed(Work(database, Bell(""), None, (), "http://x", clock=clock))
    async with database.transaction(territory.group_id) as session:
        assert set((await session.execute(select(col(IdempotencyKey.key)))).scalars()) == {"page new", "program"}
    async with database.transaction() as session:
        assert (await session.execute(select(col(SentForm.key)))).scalars().all() == [b"new"]

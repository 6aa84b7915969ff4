"""The second factor: set up, asked for, used once, lost; required by a group."""

import re
from datetime import timedelta
from hashlib import scrypt, sha256

import pyotp
from sqlalchemy import select, update
from sqlmodel import col

from factories import NOW, Territory
from pooling.accounts.models import RecoveryCode, SecondFactor
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.models import Group
from web_client import Browser, SignIn, text_of

EMAIL = "finances@arcachon.example"


async def set_up(browser: Browser, clock: FixedClock) -> tuple[pyotp.TOTP, list[str]]:
    """Goes through the page as a person does; returns the telephone and the recovery codes."""
    page = await browser.post("/compte/second-facteur", {}, page="/compte/second-facteur")
    assert page.status_code in {200, 201}
    key = re.search(r"<strong>([A-Z2-7 ]+)</strong>", page.text)
    assert key is not None
    telephone = pyotp.TOTP(key[1].replace(" ", ""))
    done = await browser.post(
        "/compte/second-facteur/confirmation", {"code": telephone.at(clock.now())}, page="/compte/second-facteur"
    )
    assert "est en place" in text_of(done)
    return telephone, re.findall(r"<code>([0-9a-z-]+)</code>", done.text)


async def test_once_set_up_it_is_asked_for_at_every_sign_in(
    territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    telephone, codes = await set_up(await sign_in(EMAIL), clock)
    assert len(codes) == 10
    clock.instant = NOW + timedelta(minutes=5)
    browser = await sign_in(EMAIL)
    sent_away = await browser.get("/g/bassin")
    assert sent_away.headers["location"] == "/connexion/second-facteur?suite=/g/bassin"
    page = "/connexion/second-facteur"
    assert (await browser.post(page, {"code": "000000"}, page=page)).status_code == 422
    assert (await browser.get("/compte")).status_code == 303
    right = await browser.post(page, {"code": telephone.at(clock.now()), "suite": "/g/bassin"}, page=page)
    assert right.headers["location"] == "/g/bassin"
    assert (await browser.get("/g/bassin")).status_code == 200


async def test_a_code_is_good_once(territory: Territory, sign_in: SignIn, clock: FixedClock) -> None:
    telephone, _ = await set_up(await sign_in(EMAIL), clock)
    clock.instant = NOW + timedelta(minutes=5)
    page = "/connexion/second-facteur"
    code = telephone.at(clock.now())
    assert (await (await sign_in(EMAIL)).post(page, {"code": code}, page=page)).status_code == 303
    assert (await (await sign_in(EMAIL)).post(page, {"code": code}, page=page)).status_code == 422


async def test_a_recovery_code_replaces_the_telephone_once(
    territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    _, codes = await set_up(await sign_in(EMAIL), clock)
    page = "/connexion/second-facteur"
    assert (await (await sign_in(EMAIL)).post(page, {"code": codes[3].upper()}, page=page)).status_code == 303
    assert (await (await sign_in(EMAIL)).post(page, {"code": codes[3]}, page=page)).status_code == 422


async def test_guessing_is_throttled(territory: Territory, sign_in: SignIn, clock: FixedClock) -> None:
    telephone, _ = await set_up(await sign_in(EMAIL), clock)
    clock.instant = NOW + timedelta(minutes=11)
    browser, page = await sign_in(EMAIL), "/connexion/second-facteur"
    statuses = [(await browser.post(page, {"code": f"00000{n}"}, page=page)).status_code for n in range(5)]
    assert statuses == [422] * 5
    right = await browser.post(page, {"code": telephone.at(clock.now())}, page=page)
    assert right.status_code == 429, "even the right one, for ten minutes"


async def test_the_secret_is_not_readable_in_the_database(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    telephone, _ = await set_up(await sign_in(EMAIL), clock)
    async with database.transaction() as session:
        kept = (await session.execute(select(col(SecondFactor.secret)))).scalar_one()
    assert telephone.secret.encode() not in kept


async def test_a_group_may_ask_it_of_those_who_run_buy_and_pay(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(update(Group).values(second_factor_required=True))
    finance = await sign_in(EMAIL)
    assert (await finance.get("/g/bassin")).headers["location"].startswith("/compte/second-facteur")
    await set_up(finance, clock)
    assert (await finance.get("/g/bassin")).status_code == 200
    assert (await (await sign_in("referent@lugos.example")).get("/g/bassin")).status_code == 200


async def test_removing_it_asks_for_a_code(territory: Territory, sign_in: SignIn, clock: FixedClock) -> None:
    browser = await sign_in(EMAIL)
    _, codes = await set_up(browser, clock)
    page = "/compte/second-facteur"
    assert (await browser.post(f"{page}/retrait", {"code": "123456"}, page=page)).status_code == 422
    assert (await browser.post(f"{page}/retrait", {"code": codes[0]}, page=page)).status_code == 303
    assert (await (await sign_in(EMAIL)).get("/g/bassin")).status_code == 200


async def test_a_recovery_code_is_long_and_slow(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    """Eighty bits; what is kept is no quick hash of it; it may be typed without its dashes."""
    _, codes = await set_up(await sign_in(EMAIL), clock)
    assert all(len(code.replace("-", "")) * 5 >= 80 for code in codes)
    async with database.transaction() as session:
        kept = (await session.execute(select(RecoveryCode))).scalars().all()
    assert len({code.salt for code in kept}) == 1
    assert not {code.code_hash for code in kept} & {sha256(code.encode()).digest() for code in codes}
    expected = scrypt(sha256(codes[0].encode()).digest(), salt=kept[0].salt, n=2**14, r=8, p=1, dklen=32)
    assert expected in {code.code_hash for code in kept}
    browser, page = await sign_in(EMAIL), "/connexion/second-facteur"
    typed = codes[0].replace("-", "").upper()
    assert (await browser.post(page, {"code": typed}, page=page)).status_code == 303


async def test_other_recovery_codes_take_the_place_of_the_first(
    territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser, page = await sign_in(EMAIL), "/compte/second-facteur"
    _, first = await set_up(browser, clock)
    shown = await browser.post(f"{page}/secours", {}, page=page)
    others = re.findall(r"<code>([0-9a-z-]+)</code>", shown.text)
    assert len(others) == 10
    assert not set(others) & set(first)
    browser, page = await sign_in(EMAIL), "/connexion/second-facteur"
    assert (await browser.post(page, {"code": first[0]}, page=page)).status_code == 422
    assert (await browser.post(page, {"code": others[0]}, page=page)).status_code == 303

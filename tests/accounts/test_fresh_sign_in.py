"""What lasts or shuts out asks who is there once more, and loses nothing of what was typed."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from accounts.test_second_factor import set_up
from factories import NOW, Territory
from pooling.accounts.models import ApiToken, SignInSession
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import SignIn, text_of

FACILITATOR, FINANCE = "animation@bassin.example", "finances@arcachon.example"
TOKENS = "/compte/jetons"
TOKEN = {"name": "Logiciel « A »", "group": "bassin", "scope": "read", "expires_on": "2027-12-31"}
LATER = NOW + timedelta(minutes=10)


def sensitive(territory: Territory) -> dict[str, dict[str, str]]:
    return {
        TOKENS: TOKEN,
        "/compte/sessions/fin": {"session": "others"},
        "/compte/second-facteur": {},
        "/compte/second-facteur/confirmation": {"code": "123456"},
        "/compte/second-facteur/secours": {},
        f"/g/bassin/personnes/{territory.people[FINANCE]}/deconnexion": {},
    }


async def mailed(database: Database) -> list[str]:
    """The codes mailed to confirm, the oldest first."""
    async with database.transaction() as session:
        rows = await session.execute(text("SELECT subject FROM messages WHERE kind = 'confirmation_code' ORDER BY id"))
        return [subject.rpartition(":")[2].replace("\u00a0", " ").strip() for subject in rows.scalars()]


async def tokens(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list((await session.execute(select(col(ApiToken.name)).order_by(col(ApiToken.id)))).scalars())


async def test_an_old_sign_in_is_asked_for_a_mailed_code(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FACILITATOR)
    clock.instant = LATER
    asked = await browser.post(TOKENS, TOKEN, page=TOKENS)
    assert "Confirmez que c’est vous" in text_of(asked)
    assert await tokens(database) == []
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    assert {name: kept[name] for name in TOKEN} == TOKEN
    (code,) = await mailed(database)
    wrong = await browser.post(TOKENS, {**TOKEN, "confirmation": "000000"}, page=TOKENS)
    assert wrong.status_code == 422
    assert await tokens(database) == []
    made = await browser.post(TOKENS, {**TOKEN, "confirmation": code}, page=TOKENS)
    assert "Votre jeton est prêt" in text_of(made)
    again = await browser.post(TOKENS, {**TOKEN, "name": "B"}, page=TOKENS)
    assert "Votre jeton est prêt" in text_of(again), "fresh for ten minutes"
    assert await tokens(database) == [TOKEN["name"], "B"]
    assert len(await mailed(database)) == 1


async def test_whoever_has_a_second_factor_gives_it(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FACILITATOR)
    telephone, codes = await set_up(browser, clock)
    clock.instant = LATER
    asked = await browser.post(TOKENS, TOKEN, page=TOKENS)
    assert "code de votre téléphone" in text_of(asked)
    assert await mailed(database) == []
    assert (await browser.post(TOKENS, {**TOKEN, "confirmation": "000000"}, page=TOKENS)).status_code == 422
    made = await browser.post(TOKENS, {**TOKEN, "confirmation": telephone.at(clock.now())}, page=TOKENS)
    assert "Votre jeton est prêt" in text_of(made)
    clock.instant = LATER + timedelta(minutes=10)
    made = await browser.post(TOKENS, {**TOKEN, "confirmation": codes[0]}, page=TOKENS)
    assert "Votre jeton est prêt" in text_of(made)


@pytest.mark.parametrize("path", range(6))
async def test_nothing_is_done_before_the_answer(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, path: int
) -> None:
    address, values = list(sensitive(territory).items())[path]
    browser = await sign_in(FACILITATOR)
    await sign_in(FINANCE)
    clock.instant = LATER
    before = await sessions(database)
    asked = await browser.post(address, values, page="/compte")
    assert "Confirmez que c’est vous" in text_of(asked), address
    assert await sessions(database) == before
    async with database.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM second_factors"))).scalar_one() == 0


async def sessions(database: Database) -> list[int]:
    async with database.transaction() as session:
        return list((await session.execute(select(col(SignInSession.person_id)).order_by("person_id"))).scalars())


async def test_a_code_of_somebody_else_confirms_nothing(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    thief, other = await sign_in(FACILITATOR), await sign_in(FINANCE)
    clock.instant = LATER
    await thief.post(TOKENS, TOKEN, page=TOKENS)
    await other.post(TOKENS, TOKEN, page=TOKENS)
    _, theirs = await mailed(database)
    assert (await thief.post(TOKENS, {**TOKEN, "confirmation": theirs}, page=TOKENS)).status_code == 422
    assert await tokens(database) == []


async def test_a_form_that_is_not_ours_mails_nothing(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FACILITATOR)
    clock.instant = LATER
    forged = await browser.client.post(TOKENS, data=TOKEN, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    assert await mailed(database) == []


async def test_codes_to_confirm_are_throttled_as_those_to_sign_in(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FACILITATOR)
    clock.instant = LATER
    statuses = [(await browser.post(TOKENS, TOKEN, page=TOKENS)).status_code for _ in range(7)]
    assert statuses[5:] == [429, 429]
    assert len(await mailed(database)) == 5


async def test_a_facilitator_ends_somebodys_sessions(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    """In every group: a session belongs to its person. The journal says who did."""
    facilitator, stolen = await sign_in(FACILITATOR), await sign_in(FINANCE)
    page = f"/g/bassin/personnes/{territory.people[FINANCE]}"
    assert (await stolen.get("/g/bassin")).status_code == 200
    assert f"{page}/deconnexion" in (await facilitator.get(page)).text
    question = await facilitator.get(f"{page}/deconnexion")
    assert "dans ce groupe et dans les autres" in text_of(question)
    done = await facilitator.post(f"{page}/deconnexion", {}, page=f"{page}/deconnexion")
    assert done.headers["location"] == page
    assert (await stolen.get("/g/bassin")).headers["location"].startswith("/connexion")
    assert (await facilitator.get("/g/bassin")).status_code == 200
    assert "de tous ses navigateurs" in text_of(await facilitator.get("/g/bassin/journal"))
    async with database.transaction(territory.group_id) as session:
        event = (
            await session.execute(text("SELECT person_id, subject_id FROM events WHERE name = 'person.signed_out'"))
        ).one()
    assert tuple(event) == (territory.people[FACILITATOR], territory.people[FINANCE])


async def test_the_administration_asks_for_a_second_factor(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    """The first one comes in by a mailed code, sets one up and goes on: nobody is shut out."""
    async with database.transaction() as session:
        await session.execute(text("UPDATE people SET administrator = true WHERE email = :email"), {"email": FINANCE})
    browser, page = await sign_in(FINANCE), "/administration/groupes"
    for path in (page, f"{page}/nouveau", f"{page}/bassin/archivage"):
        sent_away = await browser.get(path)
        assert sent_away.headers["location"] == f"/compte/second-facteur?suite={path}"
    refused = await browser.post(f"{page}/bassin/archivage", {})
    assert refused.headers["location"].startswith("/compte/second-facteur")
    await set_up(browser, clock)
    assert (await browser.get(page)).status_code == 200

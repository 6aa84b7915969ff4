"""A facilitator corrects a wrong address; nobody's account is taken by it."""

import pytest
from litestar import Litestar
from sqlalchemy import text

from factories import LUGOS, NOW, Territory, make_territory
from member_reads import BASE, CAMILLE, FACILITATOR, REFERENT, events, mails
from pooling.accounts.people import ensure_people
from pooling.accounts.sessions import open_session
from pooling.kernel.database import Database
from pooling.members.granting import grant_role
from pooling.members.models import Role
from pooling.settings import Settings
from web_client import Browser, SignIn, stand_on, text_of

TYPO, RIGHT = "camille.martin@lugos.example", "camille.martin@mairie-lugos.example"


async def invited(browser: Browser, database: Database) -> int:
    """Somebody at a wrong address, who never came."""
    await browser.post(f"{BASE}/invitation", CAMILLE)
    async with database.transaction() as session:
        found = await session.execute(text("SELECT id FROM people WHERE email = :email"), {"email": TYPO})
        return int(found.scalar_one())


async def address_of(database: Database, person_id: int) -> str:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT email FROM people WHERE id = :id"), {"id": person_id})
        return str(found.scalar_one())


async def test_a_wrong_address_of_who_never_came_is_corrected_and_invited_again(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    person = await invited(browser, database)
    page = f"{BASE}/{person}/adresse"
    assert page in (await browser.get(f"{BASE}/{person}")).text
    assert "compte tout de suite" in text_of(await browser.get(page))
    done = await browser.post(page, {"email": RIGHT}, page=page)
    assert (done.status_code, await address_of(database, person)) == (303, RIGHT)
    assert f"repart à {RIGHT}" in text_of(await browser.get(f"{BASE}/{person}"))
    waiting, again = await mails(database, territory)
    assert (waiting.kind, waiting.recipient) == ("members.invitation", RIGHT), "what had not left goes there"
    assert (again.recipient, "Référent – Lugos" in again.body_text) == (RIGHT, True)
    (event,) = await events(database, territory, "person.address_corrected")
    assert (event.subject_id, event.details) == (person, {}), "never the address: a purge could not blank it"
    assert "a corrigé l’adresse électronique de Camille Martin" in text_of(await browser.get("/g/bassin/journal"))


async def test_the_former_address_hears_of_it_where_a_mail_had_arrived(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    person = await invited(browser, database)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE messages SET state = 'sent'"))
    await browser.post(f"{BASE}/{person}/adresse", {"email": RIGHT})
    _, again, told = await mails(database, territory)
    assert (again.recipient, told.recipient) == (RIGHT, TYPO)
    assert RIGHT not in told.body_text, "nobody knows who reads there"


@pytest.mark.parametrize("known", ["signed in", "left since", "elsewhere", "administrator"])
async def test_an_account_that_is_somebodys_is_not_taken(
    database: Database, territory: Territory, sign_in: SignIn, known: str
) -> None:
    browser = await sign_in(FACILITATOR)
    person = await invited(browser, database)
    other = await make_territory(database, NOW, slug="autre") if known == "elsewhere" else None
    async with database.transaction(other.group_id if other else None) as session:
        if other:
            await grant_role(session, person, Role.READER, NOW)
            await session.execute(text("UPDATE memberships SET ended_at = now() WHERE person_id = :p"), {"p": person})
        elif known == "administrator":
            await session.execute(text("UPDATE people SET administrator = true WHERE id = :p"), {"p": person})
        else:
            await open_session(session, person, NOW)
            if known == "left since":
                await session.flush()
                await session.execute(text("DELETE FROM sessions WHERE person_id = :p"), {"p": person})
    page = f"{BASE}/{person}/adresse"
    assert "elle seule peut changer" in text_of(await browser.get(page))
    await browser.post(page, {"email": RIGHT}, page=page)
    assert await address_of(database, person) == TYPO
    assert "à cette personne de confirmer" in text_of(await browser.get(f"{BASE}/{person}"))
    _, *proposals = await mails(database, territory)
    assert sorted(mail.recipient for mail in proposals) == sorted([TYPO, RIGHT])
    assert all("/compte/adresse?nouvelle=camille.martin%40mairie-lugos.example" in mail.body_text for mail in proposals)
    assert len(await events(database, territory, "person.address_proposed")) == 1
    assert await events(database, territory, "person.address_corrected") == []


async def test_what_cannot_be_is_told_in_the_form(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    person = await invited(browser, database)
    page = f"{BASE}/{person}/adresse"
    for typed, why in ((TYPO, "déjà son adresse"), (REFERENT, "Un autre compte"), ("camillé@lugos.example", "accent")):
        refused = await browser.post(page, {"email": typed}, page=page)
        assert (refused.status_code, why in text_of(refused)) == (422, True), typed
        assert typed in refused.text
    assert await address_of(database, person) == TYPO
    referent = await sign_in(REFERENT)
    assert (await referent.post(page, {"email": RIGHT})).status_code == 403


async def test_ones_own_address_is_changed_on_ones_own_page(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    own = (await browser.get(f"{BASE}/{territory.people[FACILITATOR]}")).text
    assert '"/compte/adresse"' in own
    assert f"{territory.people[FACILITATOR]}/adresse" not in own


async def test_mails_that_failed_lead_to_the_address_and_leave_for_the_right_one(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    person = await invited(browser, database)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE messages SET state = 'failed', error = '550 5.1.1 no such user'"))
    failures = "/g/bassin/relances/echecs"
    assert f"{BASE}/{person}/adresse" in (await browser.get(failures)).text
    await browser.post(f"{BASE}/{person}/adresse", {"email": RIGHT})
    failed, _ = await mails(database, territory)
    assert failed.recipient == TYPO, "what failed is told as it was"
    assert f"{BASE}/{person}/adresse" not in (await browser.get(failures)).text, "it is corrected"
    await browser.post(f"{failures}/{failed.id}/nouvel-envoi", page=failures)
    (tried, _) = await mails(database, territory)
    assert (tried.recipient, tried.state) == (RIGHT, "queued")


async def test_addresses_that_no_mail_reaches_are_listed_until_they_are_corrected(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """As they were taken before one definition judged them all; lawful ones of every kind are not."""
    lawful = ("l'hote@arès.example", "a+b_c@sous.domaine.museum", "contact@mairie-arès.fr")
    async with database.transaction(territory.group_id) as session:
        people = await ensure_people(session, [(email, email, "") for email in lawful], NOW)
        for person in people.values():
            await grant_role(session, person, Role.REFERENT, NOW, member_id=territory.members[LUGOS])
    wrong = territory.people[REFERENT]
    async with database.transaction() as session:
        await session.execute(text("UPDATE people SET email = 'réf..x@lugos.example' WHERE id = :id"), {"id": wrong})
    browser = await sign_in(FACILITATOR)
    shown = await browser.get("/g/bassin/relances/echecs")
    assert "Adresses à corriger" in text_of(shown)
    assert "ni accent" in text_of(shown)
    assert shown.text.count('/adresse"') == 1
    await browser.post(f"{BASE}/{wrong}/adresse", {"email": "ref@lugos.example"})
    assert "Adresses à corriger" not in text_of(await browser.get("/g/bassin/relances/echecs"))


async def test_nothing_is_told_as_mailed_where_no_mail_leaves(
    app: Litestar, database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Whatever else a page promises, each says that mails wait."""
    settings: Settings = app.state.services.settings
    stand_on(app, settings=settings.model_copy(update={"smtp_url": None}))
    browser = await sign_in(FACILITATOR)
    person = await invited(browser, database)
    shown = text_of(await browser.get(BASE))
    assert "un courriel part" not in shown
    assert "Aucun courriel ne part pour l’instant" in shown
    await browser.post(f"{BASE}/{person}/adresse", {"email": RIGHT})
    assert "L’adresse est corrigée. Aucun courriel" in text_of(await browser.get(f"{BASE}/{person}"))

"""À faire never says « nothing » to who has everything to begin, nor « sent » of what waits."""

from dataclasses import replace
from datetime import timedelta

from litestar import Litestar
from sqlalchemy import text

from factories import NOW, Territory
from pooling.accounts.people import ensure_people
from pooling.kernel.database import Database
from pooling.members.granting import grant_role
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.outbox.models import Message
from web_client import Browser, SignIn, text_of


async def test_a_new_group_begins_with_steps_that_tick_themselves(
    app: Litestar, database: Database, territory: Territory
) -> None:
    async with database.transaction() as session:
        group = await create_group(session, name="Neuf", now=NOW)
        people = await ensure_people(session, [("animation@neuf.example", "", "")], NOW)
    async with database.transaction(group) as session:
        await grant_role(session, people["animation@neuf.example"], Role.FACILITATOR, NOW)
    browser = Browser(app, database)
    await browser.sign_in(people["animation@neuf.example"])
    home = await browser.get("/g/neuf")
    shown = text_of(home)
    assert "Rien n’est attendu de vous" not in shown
    assert "Pour démarrer le groupe" in shown
    assert 'href="/g/neuf/personnes/invitation"' in home.text
    async with database.transaction(group) as session:
        await grant_role(session, territory.people["referent@lugos.example"], Role.READER, NOW)
    home = await browser.get("/g/neuf")
    assert 'href="/g/neuf/personnes/invitation"' not in home.text, "done: it ticked itself"
    assert 'href="/g/neuf/comites/nouveau"' in home.text
    await browser.close()


async def test_steps_are_the_facilitators_alone(territory: Territory, sign_in: SignIn) -> None:
    reader = await sign_in("observation@bassin.example")
    assert "Pour démarrer le groupe" not in text_of(await reader.get("/g/bassin"))


async def test_the_facilitator_hears_of_mails_that_wait(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    async with database.transaction(territory.group_id) as session:
        session.add_all(
            Message(
                group_id=territory.group_id,
                kind="test",
                recipient="x@lugos.example",
                subject="",
                body_text="",
                body_html="",
                next_try_at=NOW,
                created_at=NOW - age,
            )
            for age in (timedelta(minutes=59), timedelta(minutes=61))
        )
    facilitator, reader = await sign_in("animation@bassin.example"), await sign_in("observation@bassin.example")
    assert "1 courriel attend depuis plus d’une heure" in text_of(await facilitator.get("/g/bassin"))
    assert "1 courriel attend depuis plus d’une heure" in text_of(await facilitator.get("/g/bassin/relances/echecs"))
    assert "courriel attend" not in text_of(await reader.get("/g/bassin"))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE messages SET state = 'sent', sent_at = :now"), {"now": NOW})
    assert "courriel attend" not in text_of(await facilitator.get("/g/bassin"))


async def test_without_a_mail_server_the_sign_in_page_says_so(app: Litestar, visitor: Browser) -> None:
    assert "un code à six chiffres part tout de suite" in text_of(await visitor.get("/connexion/code"))
    services = app.state.services
    without = services.settings.model_copy(update={"smtp_url": None})
    app.state.update({"services": replace(services, settings=without)})
    shown = text_of(await visitor.get("/connexion/code"))
    assert "Aucun courriel ne part pour l’instant" in shown
    assert "part tout de suite" not in shown

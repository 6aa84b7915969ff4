"""A feature that is not there, added by one line: its page, right, task, reminder, event, act, subject, agenda item."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest_asyncio
from sqlalchemy import text

from factories import NOW, Territory, make_territory, open_purchase
from pooling.app import create_app
from pooling.committees.decisions.recording import add_decision
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.embedded.postgres import APPLICATION, PostgresAddresses
from pooling.exports.asking import ask_export, file_of, find_export
from pooling.exports.writing import write_exports
from pooling.features import FEATURES
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.features import Features
from pooling.members.models import Role
from pooling.reminders.sweep import sweep
from pooling.settings import Settings
from pooling.web.services import Services
from web_client import Browser, features_in, text_of
from whole.example.feature import FEATURE, lend
from whole.example.models import WALLED

ADDRESS = "https://achats.example"


@pytest_asyncio.fixture
async def walled(fresh_addresses: PostgresAddresses) -> AsyncIterator[Database]:
    """A database with the example's table too."""
    owner = await asyncpg.connect(fresh_addresses.owner)
    for statement in (*WALLED, f"GRANT SELECT, INSERT ON example_loans TO {APPLICATION}"):
        await owner.execute(statement)
    await owner.close()
    database = Database.connect(fresh_addresses.application).handing(Features((*FEATURES, FEATURE)))
    yield database
    await database.dispose()


async def test_a_feature_needs_one_line_outside_its_package(walled: Database, settings: Settings) -> None:
    here = await make_territory(walled, NOW)
    there = await make_territory(walled, NOW, slug="autre")
    async with walled.transaction(here.group_id) as session:
        await lend(session, "le vidéoprojecteur", NOW + timedelta(days=1, hours=1), NOW)
    async with walled.transaction(there.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM example_loans"))).scalar_one() == 0

    clock = FixedClock(NOW)
    services = Services(settings, walled, Bell("unix:///nowhere/valkey.sock"), "a secret of thirty-two letters", clock)
    app = create_app(services, features=(*FEATURES, FEATURE))
    facilitator, referent = Browser(app, walled), Browser(app, walled)
    await facilitator.sign_in(here.people["animation@bassin.example"])
    await referent.sign_in(here.people["referent@lugos.example"])

    home = await facilitator.get("/g/bassin")
    assert 'href="/g/bassin/prets"' in home.text
    assert "Rendre : le vidéoprojecteur" in text_of(home)
    assert "le vidéoprojecteur" in text_of(await facilitator.get("/g/bassin/prets"))
    journal = text_of(await facilitator.get("/g/bassin/journal", params={"type": "loan"})).replace("\u00a0", " ")
    assert "L’application a noté le prêt « le vidéoprojecteur » à Lugos" in journal
    assert "/prets" not in (await referent.get("/g/bassin")).text
    assert (await referent.get("/g/bassin/prets")).status_code == 403

    report = await sweep(walled, features_in(app).kinds, FixedClock(NOW + timedelta(hours=2)), base_url=ADDRESS)
    assert [reminder.kind for reminder in report.sent] == ["loan"]
    assert "Prêt à rendre" in text_of(await facilitator.get("/g/bassin/relances/reglages"))
    clock.instant = NOW + timedelta(days=2)
    await decide_to_lend(walled, here, facilitator)
    await write_the_list(walled, here, features_in(app))
    for browser in (facilitator, referent):
        await browser.close()


async def decide_to_lend(database: Database, territory: Territory, browser: Browser) -> None:
    """A committee decides the example's act on a purchase, and somebody carries it out."""
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        day = (NOW + timedelta(days=1)).date()
        command = CommitteeIn(day=day, hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,), take_up=True)
        committee_id = await schedule_committee(session, facilitator, command, NOW)
        decision = DecisionIn(content="Prêter le vidéoprojecteur", about=("purchase", purchase_id))
        await add_decision(session, facilitator, committee_id, decision, NOW + timedelta(days=2))
    await browser.sign_in(facilitator.person_id)  # days later
    agenda = await browser.get(f"/g/bassin/comites/{committee_id}/ordre-du-jour")
    assert "Prêté : le vidéoprojecteur" in text_of(agenda)
    url = f"/g/bassin/comites/{committee_id}/decisions/1"
    assert "Prêter en attendant" in text_of(await browser.get(f"{url}/effet"))
    await browser.post(f"{url}/effet", {"act": "lend"}, page=f"{url}/effet?acte=lend")
    assert "Le prêt est noté pour un mois." in text_of(await browser.get(f"{url}/application"))
    await browser.post(f"{url}/application", page=f"{url}/application")
    assert "un prêt est noté pour Lugos" in text_of(await browser.get(url))
    assert "ce que l’achat remplace Arceaux (AG-2027-001)" in text_of(await browser.get("/g/bassin/prets"))


async def write_the_list(database: Database, territory: Territory, features: Features) -> None:
    """A file of the example's, asked for and written by the worker that writes all others'."""
    terms, clock = {"heading": "Prêts"}, FixedClock(NOW)
    async with database.transaction(territory.group_id) as session:
        person_id = territory.people["animation@bassin.example"]
        asked = [await ask_export(session, "loan-list", terms, person_id, NOW, unchanging=False) for _ in range(2)]
        assert asked[0] == asked[1]
    assert await write_exports(database, clock, features.exports) == 1
    async with database.transaction(territory.group_id) as session:
        export, size = await find_export(session, "loan-list", asked[0], {})
        file, content = await file_of(session, export)
    assert content.decode().startswith("Prêts\nle vidéoprojecteur")
    assert (file.name, size, export.rows_total) == ("prêts.txt", len(content), content.count(b"\n"))

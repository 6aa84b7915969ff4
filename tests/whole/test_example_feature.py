"""A feature that is not there, added by one line: its page, right, task, reminder and event, behind the walls."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest_asyncio
from sqlalchemy import text

from factories import NOW, make_territory
from pooling.app import create_app
from pooling.embedded.postgres import APPLICATION, PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
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
    database = Database.connect(fresh_addresses.application)
    yield database
    await database.dispose()


async def test_a_feature_needs_one_line_outside_its_package(walled: Database, settings: Settings) -> None:
    here = await make_territory(walled, NOW)
    there = await make_territory(walled, NOW, slug="autre")
    async with walled.transaction(here.group_id) as session:
        await lend(session, "le vidéoprojecteur", NOW + timedelta(days=1, hours=1), NOW)
    async with walled.transaction(there.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM example_loans"))).scalar_one() == 0

    services = Services(
        settings, walled, Bell("unix:///nowhere/valkey.sock"), "a secret of thirty-two letters", FixedClock(NOW)
    )
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
    for browser in (facilitator, referent):
        await browser.close()

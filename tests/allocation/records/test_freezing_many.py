"""A version of many members: asked for, followed, frozen once by the worker in a process apart, whoever is killed."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import select, update
from sqlmodel import col

from factories import BUYER, NOW, Territory, file_needs, make_territory, open_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import current_allocation
from pooling.allocation.records.freezing import Why, fingerprint, freeze_as_asked, last_number
from pooling.allocation.records.version_job import VERSION, ask_freezing, version_kind
from pooling.exports.asking import ask_export, file_of
from pooling.exports.models import Export, ExportState
from pooling.exports.writing import write_exports
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Membership, Role
from pooling.purchases import size
from web_client import Browser, stand_on, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
FREEZING = f"{COSTS}/gel"
RATES = FinanceConfiguration()


@dataclass
class Stage:
    """A purchase of many members in a database where transactions are real, and its lead buyer before it."""

    app: Litestar
    database: Database
    territory: Territory
    purchase_id: int
    browsers: list[Browser] = field(default_factory=list)

    async def sign_in(self, email: str) -> Browser:
        browser = Browser(self.app, self.database)
        self.browsers.append(browser)
        await browser.sign_in(self.territory.people[email])
        return browser

    async def shown(self) -> str:
        """What stands for the figures on the page of the moment."""
        async with self.database.transaction(self.territory.group_id) as session:
            figures = (await current_allocation(session, self.purchase_id, RATES)).fingerprint
            return fingerprint(figures, await last_number(session, self.purchase_id))

    async def ask(self, shown: str, *, email: str = BUYER, why: Why | None = None) -> int:
        async with self.database.transaction(self.territory.group_id) as session:
            caller = await caller_of(session, self.territory.people[email], self.territory.group_id)
            return await ask_freezing(session, caller, self.purchase_id, NOW, shown, why or Why())

    async def work(self) -> int:
        return await write_exports(self.database, SystemClock(), [version_kind(RATES)])

    async def export(self, export_id: int) -> Export:
        async with self.database.transaction(self.territory.group_id) as session:
            return await session.get_one(Export, (self.territory.group_id, export_id))

    async def records(self) -> int:
        async with self.database.transaction(self.territory.group_id) as session:
            return await last_number(session, self.purchase_id)


@pytest_asyncio.fixture
async def stage(app: Litestar, fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    territory = await make_territory(fresh_database, NOW)
    purchase_id = await open_purchase(fresh_database, territory, NOW)
    await file_needs(fresh_database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    stand_on(app, database=fresh_database)
    monkeypatch.setattr(size, "MANY", 0)
    made = Stage(app, fresh_database, territory, purchase_id)
    yield made
    for browser in made.browsers:
        await browser.close()


async def test_it_is_asked_for_followed_and_leads_to_the_record(stage: Stage) -> None:
    buyer = await stage.sign_in(BUYER)
    version = await stage.shown()
    asked = await buyer.post(FREEZING, {"version": version, "reason": "sans suite"})
    assert asked.status_code == 303
    page = asked.headers["location"]
    assert page.startswith(f"{FREEZING}/")
    assert await stage.records() == 0, "nobody waits for it"
    waiting = await buyer.get(page)
    assert "data-progress" in waiting.text
    assert "Le travail commence dans la minute." in text_of(waiting)
    assert (await buyer.get(FREEZING)).headers["location"] == page, "it is not asked again meanwhile"
    assert "Nouvel état de répartition (CSV)" in text_of(await buyer.get(f"{COSTS}/classeurs"))
    assert await stage.work() == 1
    frozen = await buyer.get(page)
    assert frozen.headers["location"] == f"{COSTS}/etats/1"
    assert "État de répartition n° 1" in text_of(await buyer.get(f"{COSTS}/etats/1"))
    assert (await buyer.get(FREEZING)).status_code == 200
    listed = await buyer.get(f"{COSTS}/classeurs")
    assert "Répartition, une ligne par membre (CSV)" in text_of(listed)


async def test_its_file_has_a_row_for_each_member(stage: Stage) -> None:
    export_id = await stage.ask(await stage.shown())
    assert await stage.work() == 1
    async with stage.database.transaction(stage.territory.group_id) as session:
        export = await session.get_one(Export, (stage.territory.group_id, export_id))
        file, content = await file_of(session, export)
        terms = {"purchase": stage.purchase_id, "record": 1, "format": "csv"}
        again = await ask_export(session, VERSION, terms, export.asked_by, NOW, unchanging=True)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert (file.name, export.terms["record"], export.rows_total) == ("AG-2027-001-etat-1.csv", 1, len(rows))
    assert [row["TTC"] for row in rows if row["TTC"] != "0,00"] == ["1512,00"], rows
    assert await stage.work() == 1, "any record's is written alike"
    assert await stage.records() == 1
    assert (await stage.export(again)).state == ExportState.READY


async def test_who_may_not_cannot_ask_nor_have_it_done(stage: Stage) -> None:
    """Nor what a page showed that no longer holds. Why is said where it was asked, with what was typed."""
    referent = await stage.sign_in("referent@lugos.example")
    assert (await referent.post(FREEZING, {"version": await stage.shown()})).status_code == 403
    late = await stage.ask(await stage.shown())
    await file_needs(stage.database, stage.territory, stage.purchase_id, "referent@salles.example", NOW, arceau=5)
    assert await stage.work() == 0
    assert await stage.records() == 0
    buyer = await stage.sign_in(BUYER)
    page = text_of(await buyer.get(f"{FREEZING}/{late}"))
    assert "Les chiffres ont changé depuis l’affichage de cette page" in page
    assert "Figer l’état n° 1" in page
    dismissed = await stage.ask(await stage.shown())
    async with stage.database.transaction(stage.territory.group_id) as session:
        await session.execute(update(Membership).where(col(Membership.role) == Role.LEAD_BUYER).values(ended_at=NOW))
    assert await stage.work() == 0
    assert (await stage.export(dismissed)).state == ExportState.FAILED
    assert await stage.records() == 0


async def test_what_was_typed_is_there_again(stage: Stage) -> None:
    await stage.ask(await stage.shown())
    assert await stage.work() == 1
    late = await stage.ask("1 autre", why=Why("credit_note", "avoir A-12, deux arceaux rendus"))
    assert await stage.work() == 0
    page = await (await stage.sign_in(BUYER)).get(f"{FREEZING}/{late}")
    assert "avoir A-12, deux arceaux rendus" in page.text
    assert '<option value="credit_note" selected' in page.text


async def test_two_presses_and_a_kill_make_one_record(stage: Stage) -> None:
    """A worker that was killed after it froze, before it said so, is followed by one that finds it done."""
    shown = await stage.shown()
    export_id = await stage.ask(shown)
    assert await stage.ask(shown) == export_id
    async with stage.database.transaction(stage.territory.group_id) as session:
        caller = await caller_of(session, stage.territory.people[BUYER], stage.territory.group_id)
        given = (session, caller, export_id, {"purchase": stage.purchase_id, "shown": shown, **Why()._asdict()}, RATES)
        assert await freeze_as_asked(*given, "/nowhere/far")
        assert await freeze_as_asked(*given, "/nowhere/far"), "another was quicker"
    assert await stage.work() == 1
    assert await stage.records() == 1
    assert (await stage.export(export_id)).terms["record"] == 1
    other = await stage.ask(shown)
    assert other != export_id
    assert await stage.work() == 0
    assert await stage.records() == 1
    async with stage.database.transaction(stage.territory.group_id) as session:
        states = await session.execute(select(col(Export.state)).order_by(col(Export.id)))
        assert list(states.scalars()) == [ExportState.READY, ExportState.FAILED]

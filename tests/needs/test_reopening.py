"""A frozen consolidation counts until its collection opens again; then pages, money, tasks go by what is declared."""

from datetime import timedelta

import pytest
import pytest_asyncio
from litestar import Litestar

from api_client import API, Program, token_of
from factories import BUYER, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import Browser, SignIn, text_of

HOME = "/g/bassin"
BASE = f"{HOME}/achats/AG-2027-001"
CONSOLIDATION, ITEM, COSTS = f"{BASE}/consolidation", f"{BASE}/consolidation/arceau", f"{BASE}/couts"
OUTDATED = "La consolidation n° 1 date d’avant la réouverture : elle ne compte plus."


@pytest_asyncio.fixture
async def buyer(database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock) -> Browser:
    """Lugos 7 and Salles 3 are frozen as n° 1; the collection opens again, and Salles files 30."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    browser = await sign_in(BUYER)
    await sent(browser, "cloture", {"reason": "Tous ont répondu"})
    await sent(browser, "consolidation", {})
    assert "1 800,00 €" in await read(browser, COSTS)
    assert OUTDATED not in await read(browser, CONSOLIDATION)
    version = (await browser.get(f"{COSTS}/gel")).text.partition('name="version" value="')[2].partition('"')[0]
    await sent(browser, "couts/gel", {"version": version})
    clock.instant = NOW + timedelta(hours=1)
    await sent(
        browser, "prolongation", {"closes_on": "30/03/2027", "closes_at": "12:00", "reason": "Oubli d’une commune"}
    )
    await file_needs(database, territory, purchase_id, "referent@salles.example", clock.instant, arceau=30)
    return browser


async def sent(browser: Browser, act: str, values: dict[str, str]) -> None:
    assert (await browser.post(f"{BASE}/{act}", values, page=f"{BASE}/{act}")).status_code == 303


async def read(browser: Browser, url: str) -> str:
    return text_of(await browser.get(url)).replace("\u00a0", " ").replace("\u202f", " ")


async def close(browser: Browser, clock: FixedClock) -> None:
    clock.instant += timedelta(hours=1)
    await sent(browser, "cloture", {"reason": "Salles a répondu"})


@pytest.mark.parametrize("again", [False, True], ids=["open", "closed again"])
async def test_a_consolidation_from_before_a_reopening_no_longer_counts(
    buyer: Browser, clock: FixedClock, again: bool
) -> None:
    if again:
        await close(buyer, clock)
    pages = {url: await read(buyer, url) for url in (CONSOLIDATION, ITEM, COSTS)}
    assert all(OUTDATED in page for page in pages.values())
    assert "Figée le" not in pages[CONSOLIDATION]
    assert "6 300,00 €" in pages[CONSOLIDATION], "seven packs of what is declared"
    assert "37" in pages[ITEM]
    assert "quantités déclarées à ce jour" in pages[COSTS]
    assert "6 660,00 €" in pages[COSTS]
    assert ("Figer la consolidation" in await read(buyer, HOME + "/")) is again


async def test_it_counts_again_once_it_is_frozen_again(buyer: Browser, clock: FixedClock) -> None:
    await close(buyer, clock)
    await sent(buyer, "consolidation", {"reason": "Salles a corrigé sa déclaration"})
    pages = {url: await read(buyer, url) for url in (CONSOLIDATION, ITEM, COSTS)}
    assert not any("ne compte plus" in page for page in pages.values())
    assert "Consolidation n° 2" in pages[CONSOLIDATION]
    assert "quantités de la consolidation n° 2" in pages[COSTS]
    assert "6 300,00 €" in pages[COSTS]
    assert "Figer la consolidation" not in await read(buyer, HOME + "/")
    assert "La consolidation n° 2 ne comptera plus" in await read(buyer, f"{BASE}/prolongation")


async def test_a_record_made_from_it_stays_and_the_journal_says_what_the_reopening_ended(buyer: Browser) -> None:
    record = await read(buyer, f"{COSTS}/etats/1")
    assert "quantités de la consolidation n° 1" in record
    assert "1 800,00 €" in record
    assert "AG-2027-001 « Arceaux » ; la consolidation n° 1 ne compte plus" in await read(buyer, f"{BASE}/journal")


async def test_programs_read_what_is_declared_until_it_is_frozen_again(
    app: Litestar, database: Database, territory: Territory, clock: FixedClock, buyer: Browser
) -> None:
    program = Program(app, await token_of(database, territory.people[BUYER], territory.group_id, clock.instant))
    said = (await program.get(f"{API}/purchases/AG-2027-001/consolidation")).json()
    await program.close()
    assert (said["number"], said["frozen_at"]) == (None, None)
    assert said["items"]["arceau"]["order"] == 35

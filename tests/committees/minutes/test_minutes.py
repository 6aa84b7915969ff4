"""The minutes of a committee: written beside the agenda, kept in versions, published once and for all."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from factories import NOW, Territory
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Role
from web_client import Browser, SignIn, insisting, text_of

FACILITATOR, REFERENT, READER = "animation@bassin.example", "referent@lugos.example", "observation@bassin.example"
HELD = NOW + timedelta(days=30)
SEEN = re.compile(r'name="seen" value="([0-9a-f]*)"')


@pytest.fixture
def late(clock: FixedClock) -> FixedClock:
    """The committee of these tests has begun."""
    clock.instant = HELD
    return clock


async def held(database: Database, territory: Territory) -> str:
    """A committee that took place on 30 March; returns its address."""
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        command = CommitteeIn(
            day=(NOW + timedelta(days=29)).date(),
            hour=NOW.time(),
            place="Mairie",
            agenda="Consolider\nDécider",
            roles=(Role.REFERENT, Role.FACILITATOR),
        )
        committee_id = await schedule_committee(session, facilitator, command, NOW)
    return f"/g/bassin/comites/{committee_id}"


async def save(browser: Browser, page: str, typed: str, **more: str) -> object:
    minutes = f"{page}/compte-rendu"
    shown = await browser.get(minutes)
    found = SEEN.search(shown.text)
    assert found
    return await browser.post(minutes, {"seen": found[1], "minutes": typed, **more}, page=minutes)


async def test_an_empty_page_begins_with_the_agenda(
    database: Database, territory: Territory, sign_in: SignIn, late: FixedClock
) -> None:
    page = await held(database, territory)
    shown = (await (await sign_in(FACILITATOR)).get(f"{page}/compte-rendu")).text
    assert "## 1. Consolider\n\n\n## 2. Décider" in shown


async def test_minutes_are_drafted_then_published(
    database: Database, territory: Territory, sign_in: SignIn, late: FixedClock
) -> None:
    page = await held(database, territory)
    browser, reader = await sign_in(FACILITATOR), await sign_in(REFERENT)
    minutes, publication = f"{page}/compte-rendu", f"{page}/publication"
    empty = await browser.post(publication, page=publication)
    assert (empty.status_code, "avant de le publier" in text_of(empty)) == (422, True)
    await save(browser, page, "## Vélos\n\nTout est **décidé**.")
    assert "Tout est décidé" not in text_of(await reader.get(minutes))
    assert "pas encore publié" in text_of(await reader.get(minutes))
    assert (await reader.get(f"{minutes}.pdf")).status_code == 404
    assert (await browser.post(publication, page=publication)).status_code == 422, "nobody is noted as present"
    assert (
        await browser.post(publication, insisting(await browser.get(publication)), page=publication)
    ).status_code == 303
    assert "<strong>décidé</strong>" in (await reader.get(minutes)).text
    pdf = await reader.get(f"{minutes}.pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["content-disposition"] == 'attachment; filename="compte-rendu-2027-03-30.pdf"'
    assert (await browser.post(minutes, {"minutes": "Autre chose"})).status_code == 409
    assert (await browser.post(publication)).status_code == 409


async def test_what_no_document_can_hold_is_refused_while_writing_and_when_publishing(
    database: Database, territory: Territory, sign_in: SignIn, late: FixedClock
) -> None:
    page = await held(database, territory)
    browser = await sign_in(FACILITATOR)
    minutes, publication = f"{page}/compte-rendu", f"{page}/publication"
    typed = "Vélos\n\n#\n\n[a](https://x.example/" + "a" * 9000 + ")"
    refused = await browser.post(minutes, {"minutes": typed}, page=minutes)
    assert refused.status_code == 422
    assert "Ligne 3 : ce titre n’a pas de mot" in text_of(refused)
    assert "Ligne 5 : cette adresse de page est trop longue" in text_of(refused)
    assert typed in refused.text
    kept = await browser.post(minutes, {"minutes": typed}, page=minutes, headers={"Accept": "application/json"})
    assert kept.is_success, "what is saved by itself is kept: a heading is begun before it has words"
    assert "Ligne 3 : ce titre n’a pas de mot" in kept.json()["saved"]
    answer = await browser.post(publication, page=publication)
    assert answer.status_code == 422
    assert "Corrigez le compte-rendu avant de le publier. Ligne 3" in answer.text
    assert "Publier le compte-rendu ?" in text_of(answer).replace("\u202f", " ").replace("\u00a0", " ")


async def test_blanks_that_nest_a_list_are_kept(
    database: Database, territory: Territory, sign_in: SignIn, late: FixedClock
) -> None:
    page = await held(database, territory)
    browser = await sign_in(FACILITATOR)
    await save(browser, page, "- un\n    - deux")
    assert "- un\n    - deux" in (await browser.get(f"{page}/compte-rendu")).text


async def test_headings_skip_no_level(
    database: Database, territory: Territory, sign_in: SignIn, late: FixedClock
) -> None:
    page = await held(database, territory)
    browser = await sign_in(FACILITATOR)
    await save(browser, page, "# Un\n\n### Deux")
    shown = [
        await browser.get(f"{page}{where}") for where in ("/compte-rendu", "/compte-rendu/versions/1", "/publication")
    ]
    await browser.post(f"{page}/publication", page=f"{page}/publication")
    for answer in [*shown, await browser.get(f"{page}/compte-rendu")]:
        main = answer.text.partition("<main")[2].partition("</main>")[0]
        levels = [int(level) for level in re.findall(r"<h([1-6])", main)]
        assert "Deux</h" in main
        assert all(level <= before + 1 for before, level in pairwise(levels)), levels

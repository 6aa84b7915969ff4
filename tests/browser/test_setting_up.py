"""A new group of an intercommunal body with 17 communes stands by the pages alone, in a few steps."""

import pytest
from playwright.async_api import Page, expect

from browser.served import STARTED, Served
from browser.visitor import Visitor, Visitors
from ground.directory import TARUSATE
from pooling.accounts.people import ensure_people
from pooling.members.granting import grant_role
from pooling.members.groups import create_group
from pooling.members.models import Role

pytestmark = pytest.mark.browser

FACILITATOR = "animation@bassin.example"
MOST_TABS = 60
FEWEST = 5
"""Steps that it takes, each a few seconds: two pages to follow, one word to type, two buttons at most."""


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_a_body_with_its_17_communes_joins_in_a_few_steps(
    demonstration: Served, visitors: Visitors, javascript: bool
) -> None:
    async with demonstration.database.transaction() as session:
        group = await create_group(session, name="Pays tarusate", now=STARTED)
        people = await ensure_people(session, [(FACILITATOR, "", "")], STARTED)
    async with demonstration.database.transaction(group) as session:
        await grant_role(session, people[FACILITATOR], Role.FACILITATOR, STARTED)
    visitor = await visitors.arrive(demonstration.url, javascript=javascript)
    await visitor.hold(await demonstration.token_of(FACILITATOR))
    await visitor.open("/g/pays-tarusate")
    assert await set_up(visitor, javascript=javascript) <= FEWEST
    members = visitor.page.get_by_role("table").get_by_role("row")
    await expect(members).to_have_count(1 + 18)
    await visitor.reads(TARUSATE)
    await visitor.follow("Tartas")
    await visitor.reads("Code INSEE")
    assert visitors.complaints == []


async def test_it_joins_by_the_keyboard_alone(demonstration: Served, visitors: Visitors) -> None:
    async with demonstration.database.transaction() as session:
        group = await create_group(session, name="Pays au clavier", now=STARTED)
        people = await ensure_people(session, [(FACILITATOR, "", "")], STARTED)
    async with demonstration.database.transaction(group) as session:
        await grant_role(session, people[FACILITATOR], Role.FACILITATOR, STARTED)
    visitor = await visitors.arrive(demonstration.url, examines=False)
    await visitor.hold(await demonstration.token_of(FACILITATOR))
    await visitor.open("/g/pays-au-clavier/annuaire")
    page = visitor.page
    await reach(page, "input", "")
    await page.keyboard.type("tarusate")
    await visitor.reads(TARUSATE)
    await reach(page, "a", TARUSATE)
    await page.keyboard.press("Enter")
    await visitor.reads("17")
    await reach(page, "button", "Ajouter au groupe")
    await page.keyboard.press("Enter")
    await visitor.reads("18 membres ajoutés.")
    assert visitors.complaints == []


async def reach(page: Page, kind: str, said: str) -> None:
    """Tabs on until what has the focus is such an element and says this."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        found = "(e => [e.localName, e.innerText || '', e.closest('main') !== null])(document.activeElement)"
        tag, text, inside = await page.evaluate(found)
        if inside and tag == kind and said in text:
            return
    raise AssertionError(f"{said or kind} is out of the keyboard's reach")


async def set_up(visitor: Visitor, *, javascript: bool) -> int:
    """From À faire to the members; gives how many steps that took."""
    await visitor.follow("Ajouter des membres")
    await visitor.fill("Chercher une collectivité", "tarusate")
    if not javascript:
        await visitor.press("Chercher")
    await visitor.reads(TARUSATE)
    if javascript:  # found while typing; the page is examined as it stands now
        await visitor.look()
    await visitor.follow(TARUSATE)
    await visitor.press("Ajouter au groupe")
    await visitor.reads("18 membres ajoutés.")
    return 4 if javascript else 5

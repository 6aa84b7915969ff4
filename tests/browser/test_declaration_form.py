"""The declaration form without a mouse: nothing is out of reach, what has the focus is seen, an error is found."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from browser.served import LUGOS, Served
from browser.visitor import NARROW, WIDE, Visitor, Visitors, labelled

pytestmark = pytest.mark.browser

IS_SEEN = """element => {
  const box = element.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const ring = getComputedStyle(element);
  return {
    uncovered: there !== null && (element.contains(there) || there.contains(element)),
    outlined: ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2,
  };
}"""


@pytest_asyncio.fixture
async def visitor(shared_demonstration: Served, visitors: Visitors) -> Visitor:
    """The référent of Lugos, at the declaration that it has begun."""
    visitor = await visitors.arrive(shared_demonstration.url, examines=False)
    await visitor.hold(await shared_demonstration.token_of("referent@lugos.example"))
    await visitor.open(LUGOS)
    return visitor


async def tab_to(page: Page, target: Locator) -> None:
    """Tabs until the target has the focus, and is seen to have it, in no more steps than a page of ours has links."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await target.evaluate("element => element === document.activeElement"):
            assert await target.evaluate(IS_SEEN) == {"uncovered": True, "outlined": True}
            return
    await expect(target).to_be_focused(timeout=1)


async def test_the_skip_link_is_first_and_leads_to_the_content(visitor: Visitor) -> None:
    page = visitor.page
    skip = page.get_by_role("link", name="Aller au contenu")
    await expect(skip).not_to_be_in_viewport()
    await page.keyboard.press("Tab")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_the_tab_key_goes_through_the_form_in_its_order(visitor: Visitor, width: int) -> None:
    page = visitor.page
    await page.set_viewport_size({"width": width, "height": 600})
    await page.get_by_role("link", name="Aller au contenu").focus()
    await page.keyboard.press("Enter")
    form = page.locator("main form")
    for label in (
        "Arceau posé",
        "Abri de 10 places",
        "Précisions pour l’acheteur",
    ):
        await tab_to(page, labelled(page, label))
    for name in (
        "Vérifier et déposer",
        "Enregistrer le brouillon",
        "Voir ma part estimée",
        "Nous n’avons pas de besoin",
    ):
        await page.keyboard.press("Tab")
        await expect(form.get_by_role("button", name=name)).to_be_focused()


async def test_a_wrong_input_is_found_mended_and_filed_from_the_keyboard(
    demonstration: Served, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(demonstration.url)
    page = visitor.page
    await visitor.hold(await demonstration.token_of("referent@lugos.example"))
    await visitor.open(LUGOS)
    racks, shelters = labelled(page, "Arceau posé"), labelled(page, "Abri de 10 places")
    await racks.focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("douze")
    await tab_to(page, shelters)
    await page.keyboard.type("1")
    await tab_to(page, page.get_by_role("button", name="Vérifier et déposer"))
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await visitor.look()

    summary = page.get_by_role("alert").filter(has_text="Corrigez cette erreur")
    await expect(summary).to_be_focused()
    assert (await page.title()).startswith("Erreur\u00a0: ")
    await expect(racks).to_have_value("douze")
    await expect(racks).to_have_attribute("aria-invalid", "true")
    await expect(racks).to_have_accessible_description(re.compile("Indiquez un nombre entier, par exemple 12"))
    await expect(shelters).to_have_value("1")

    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(racks).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("1 2")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await visitor.look()
    await tab_to(page, page.get_by_role("button", name="Déposer la déclaration"))
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await visitor.look()
    await visitor.reads("Votre déclaration est déposée.")
    await expect(racks).to_have_value("12")
    assert visitor.complaints == []


async def test_the_first_box_is_near_on_a_phone_even_below_a_draft(visitor: Visitor) -> None:
    page = visitor.page
    await page.set_viewport_size({"width": 360, "height": 640})
    await expect(page.get_by_role("list", name="Étapes de l’achat")).not_to_be_visible()
    box = await labelled(page, "Arceau posé").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 640, "on the first screen"


async def test_a_label_beside_a_long_value_keeps_its_words_whole_on_a_phone(visitor: Visitor) -> None:
    page = visitor.page
    await page.set_viewport_size({"width": 360, "height": 640})
    cell = await page.locator("td[data-label^='Montant']").first.element_handle()
    assert cell is not None
    await cell.evaluate("cell => { cell.dataset.label = 'Lieu'; }")
    widths = [
        await cell.evaluate(
            """(cell, words) => {
              cell.innerHTML = "<span></span>";
              cell.firstChild.textContent = words;
              return getComputedStyle(cell, "::before").width;
            }""",
            words,
        )
        for words in ("Mairie", "Salle des fêtes, " * 20)
    ]
    assert widths[0] == widths[1] != "auto"

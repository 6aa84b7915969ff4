"""The comfort that scripts add: live totals, paste from a spreadsheet, nothing sent twice, nothing left by mistake."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Dialog, Locator, Page, Route, expect

from browser.served import BIKE_RACKS, LUGOS, Served
from browser.visitor import Visitor, Visitors, labelled

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture
async def visitor(shared_demonstration: Served, visitors: Visitors) -> Visitor:
    visitor = await visitors.arrive(shared_demonstration.url, examines=False)  # the walk does
    await visitor.hold(await shared_demonstration.token_of("referent@lugos.example"))
    await visitor.open(LUGOS)
    return visitor


@pytest.fixture
def page(visitor: Visitor) -> Page:
    return visitor.page


def racks(page: Page) -> Locator:
    return labelled(page, "Arceau posé")


def shelters(page: Page) -> Locator:
    return labelled(page, "Abri de 10 places")


async def totals(page: Page, quantity: str, amount: str) -> None:
    total = page.get_by_role("row").filter(has_text="Total estimé")
    await expect(total.locator("[data-total-quantity]")).to_have_text(quantity)
    await expect(total.locator("[data-total-amount]")).to_have_text(amount)


async def test_totals_follow_what_is_typed(page: Page) -> None:
    await totals(page, "4", "720,00 €")
    await racks(page).fill("1 200")
    await shelters(page).fill("2")
    line = page.get_by_role("row").filter(has=racks(page)).locator("[data-line-amount]")
    await expect(line).to_have_text("216 000,00 €")
    await totals(page, "1 202", "244 000,00 €")
    await racks(page).fill("douze")
    await expect(line).to_have_text("–")
    await totals(page, "2", "28 000,00 €")


async def test_a_column_of_a_spreadsheet_fills_the_boxes_downwards(page: Page) -> None:
    await paste(page, racks(page), "7\r\n2\r\n")
    await expect(racks(page)).to_have_value("7")
    await expect(shelters(page)).to_have_value("2")
    await expect(shelters(page)).to_be_focused()
    await totals(page, "9", "29 260,00 €")
    await expect(page.get_by_role("status").filter(has_text="collée")).to_have_text("2 quantités collées.")


@pytest.mark.parametrize(
    ("copied", "quantities", "said"),
    [
        ("7\tarceaux\r\n2\tabris\r\n9\tde trop\r\n", ("7", "2"),
         ("2 quantités collées. 1 ligne de trop n’a pas été collée, faute d’article en face : « 9 ». "
          "Seule la 1re colonne des 2 copiées a été lue.")),
        ("Lugos\t7\nSalles\t2", ("7", "2"), "2 quantités collées. Seule la 2e colonne des 2 copiées a été lue."),
        ("Lugos\n2", ("4", "2"),
         "1 quantité collée. 1 valeur n’est pas un nombre entier et n’a pas été collée : « Lugos »."),
        ("12,5\n-3\n1\n2", ("4", ""),
         ("Aucune quantité collée. 2 valeurs ne sont pas des nombres entiers et n’ont pas été collées : « 12,5 », "
          "« -3 ». 2 lignes de trop n’ont pas été collées, faute d’articles en face : « 1 », « 2 ».")),
        ("\n2", ("4", "2"), "1 quantité collée."),
        ("Lugos", ("4", ""),
         "Aucune quantité collée. 1 valeur n’est pas un nombre entier et n’a pas été collée : « Lugos »."),
    ],
)  # fmt: skip
async def test_what_a_paste_leaves_out_is_said(page: Page, copied: str, quantities: tuple[str, str], said: str) -> None:
    await paste(page, racks(page), copied)
    await expect(page.locator(".paste-report")).to_have_text(re.compile(re.escape(said).replace("\\ ", r"\s*")))
    assert (await racks(page).input_value(), await shelters(page).input_value()) == quantities


async def test_one_value_is_pasted_where_the_cursor_stands(page: Page) -> None:
    await paste(page, racks(page), "15")
    await expect(racks(page)).to_have_value("415")
    await expect(shelters(page)).to_have_value("")


async def paste(page: Page, box: Locator, text: str) -> None:
    """Copies as from another window, then pastes behind what the box holds."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await box.focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Control+V")


SECOND_PRESS_IS_HELD_BACK = """button => new Promise(resolve => {
  window.addEventListener("submit", event => resolve(event.defaultPrevented), { once: true });
  button.click();
})"""


async def test_a_form_is_sent_once_however_often_its_button_is_pressed(page: Page) -> None:
    sent: list[str] = []

    async def answer_nothing(route: Route) -> None:
        """The page stays, as it does while a slow server works."""
        sent.append(route.request.url)
        await route.fulfill(status=204)

    await page.route("**/besoins/213302607/*", answer_nothing)
    draft = page.get_by_role("button", name="Enregistrer le brouillon")
    filing = page.get_by_role("button", name="Vérifier et déposer")
    async with page.expect_response("**/besoins/213302607/*"):
        await draft.click()
    await expect(draft).to_have_attribute("aria-disabled", "true")
    await expect(filing).to_have_attribute("aria-disabled", "true")
    assert await draft.evaluate(SECOND_PRESS_IS_HELD_BACK)
    assert await filing.evaluate(SECOND_PRESS_IS_HELD_BACK)
    assert [url.rpartition("/")[2] for url in sent] == ["brouillon"]


async def test_coming_back_to_a_form_it_can_be_sent_again(page: Page) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name="Enregistrer le brouillon").click()
    await page.go_back()
    button = page.get_by_role("button", name="Enregistrer le brouillon")
    await expect(button).not_to_have_attribute("aria-disabled", "true")
    async with page.expect_navigation():
        await button.click()
    await expect(page.locator("main")).to_contain_text("Votre brouillon est enregistré.")


class Warnings:
    """Answers the browser's question whether to leave the page, and counts it."""

    def __init__(self, page: Page, *, leave: bool) -> None:
        self.leave = leave
        self.kinds: list[str] = []
        page.on("dialog", self.answer)

    async def answer(self, dialog: Dialog) -> None:
        self.kinds.append(dialog.type)
        await (dialog.accept() if self.leave else dialog.dismiss())


async def test_what_was_typed_is_not_left_by_mistake(page: Page) -> None:
    warnings = Warnings(page, leave=False)
    await racks(page).click()
    await page.keyboard.press("End")
    await page.keyboard.type("9")
    async with page.expect_event("dialog"):
        await page.get_by_role("link", name="En bref").click(no_wait_after=True)
    await expect(racks(page)).to_have_value("49")
    assert page.url.endswith(LUGOS)

    warnings.leave = True
    async with page.expect_navigation():
        await page.get_by_role("link", name="En bref").click()
    assert page.url.endswith(BIKE_RACKS)
    assert warnings.kinds == ["beforeunload", "beforeunload"]


async def test_leaving_without_a_change_or_by_saving_asks_nothing(visitor: Visitor) -> None:
    page = visitor.page
    warnings = Warnings(page, leave=True)
    await racks(page).click()
    await visitor.follow("En bref")
    await page.go_back()
    await racks(page).click()
    await page.keyboard.press("End")
    await page.keyboard.type("0")
    await visitor.press("Enregistrer le brouillon")
    await racks(page).fill("4")
    await visitor.press("Enregistrer le brouillon")
    assert warnings.kinds == []


async def test_leaving_a_refused_form_warns(visitor: Visitor) -> None:
    page = visitor.page
    warnings = Warnings(page, leave=True)
    await racks(page).fill("douze")
    await visitor.press("Enregistrer le brouillon")
    await racks(page).click()
    await visitor.follow("En bref")
    assert warnings.kinds == ["beforeunload"]


async def test_an_open_menu_closes_on_escape_and_elsewhere(page: Page) -> None:
    menu = page.locator(".site-person")
    summary = menu.locator("summary")
    await summary.click()
    await expect(menu).to_have_attribute("open", "")
    await page.keyboard.press("Escape")
    await expect(menu).not_to_have_attribute("open", "")
    await expect(summary).to_be_focused()
    await summary.click()
    await page.get_by_role("heading", name="Besoins de Lugos").click()
    await expect(menu).not_to_have_attribute("open", "")


async def test_a_declaration_that_is_only_read_keeps_its_totals(
    shared_demonstration: Served, visitors: Visitors
) -> None:
    visitor = await visitors.arrive(shared_demonstration.url, examines=False)
    await visitor.hold(await shared_demonstration.token_of("achats@cobas.example"))
    await visitor.open(LUGOS)
    await totals(visitor.page, "4", "720,00 €")

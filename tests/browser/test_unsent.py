"""What is typed and not sent is lost by nothing: the network, « Back », another page, the end of a session; with
scripts and without. Nobody else at the same browser finds it.
"""

import re
from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Dialog, Page, expect

from browser.served import GROUP, LUGOS, Served
from browser.visitor import Visitor, Visitors, labelled

pytestmark = pytest.mark.browser

REFERENT = "referent@lugos.example"
KEPT_BY_THE_BROWSER = 2_000  # ms: Chromium notes for its history what stands in fields a second after it was typed
Arrive = Callable[..., Awaitable[Visitor]]


@pytest_asyncio.fixture
async def arrive(demonstration: Served, visitors: Visitors) -> Arrive:
    async def at_the_declaration(*, scripts: bool = True) -> Visitor:
        visitor = await visitors.arrive(demonstration.url, javascript=scripts)
        visitor.page.on("dialog", leave)
        await visitor.hold(await demonstration.token_of(REFERENT))
        await visitor.open(LUGOS)
        return visitor

    return at_the_declaration


async def leave(dialog: Dialog) -> None:
    await dialog.accept()


async def type_in(page: Page) -> None:
    await labelled(page, "Arceau posé").fill("31")
    await labelled(page, "Précisions pour l’acheteur").fill("Devant l’école\nà gauche")


async def reads_what_was_typed(page: Page) -> None:
    await expect(labelled(page, "Arceau posé")).to_have_value("31")
    await expect(labelled(page, "Précisions pour l’acheteur")).to_have_value("Devant l’école\nà gauche")


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_network_fails_while_filing(arrive: Arrive, *, scripts: bool) -> None:
    visitor = await arrive(scripts=scripts)
    page = visitor.page
    await type_in(page)
    if not scripts:
        await page.wait_for_timeout(KEPT_BY_THE_BROWSER)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Vérifier et déposer").click()
    if scripts:  # the page stays, and says why
        await expect(page.locator("[data-autosave-status]")).to_have_text(re.compile("^Hors connexion"))
        await page.context.set_offline(False)
    else:
        await page.wait_for_url("chrome-error://**")
        await page.context.set_offline(False)
        await page.go_back()
    await reads_what_was_typed(page)
    if scripts:
        await expect(page.locator("[data-total-quantity]")).to_have_text("31")
    await page.get_by_role("button", name="Vérifier et déposer").click()
    await page.get_by_role("button", name="Déposer la déclaration").click()
    await visitor.reads("Votre déclaration est déposée.")
    await visitor.open(LUGOS)
    await reads_what_was_typed(page)
    await expect(page.locator(".unsent")).to_have_count(0)


async def test_another_page_then_back_to_the_form(arrive: Arrive) -> None:
    visitor = await arrive()
    page = visitor.page
    await type_in(page)
    await visitor.open(GROUP)
    await visitor.open(LUGOS)
    await reads_what_was_typed(page)
    note = page.locator(".unsent")
    await expect(note).to_contain_text("Votre saisie n’avait pas été envoyée")
    await note.get_by_role("button").click()
    await expect(labelled(page, "Arceau posé")).to_have_value("4")
    await expect(note).to_have_count(0)
    await expect(page.locator("[data-autosave-status]")).to_have_text(re.compile("^(Brouillon enregistré|$)"))
    await visitor.open(LUGOS)
    await expect(labelled(page, "Arceau posé")).to_have_value("4")
    assert visitor.complaints == []


async def test_what_was_sent_or_refused_is_not_brought_back(arrive: Arrive) -> None:
    visitor = await arrive()
    page = visitor.page
    await labelled(page, "Arceau posé").fill("douze")
    await visitor.press("Vérifier et déposer")
    await expect(labelled(page, "Arceau posé")).to_have_value("douze")
    await expect(page.locator(".unsent")).to_have_count(0)
    await labelled(page, "Arceau posé").fill("12")
    await visitor.press("Enregistrer le brouillon")
    await visitor.reads("Votre brouillon est enregistré.")
    await expect(labelled(page, "Arceau posé")).to_have_value("12")
    await expect(page.locator(".unsent")).to_have_count(0)


async def test_nobody_else_in_this_tab_finds_it(arrive: Arrive) -> None:
    visitor = await arrive()
    page = visitor.page
    await type_in(page)
    await visitor.enter_as("achats@cobas.example")
    await visitor.open(GROUP)
    assert await page.evaluate("Object.keys(sessionStorage).length") == 0

    await visitor.enter_as(REFERENT)
    await visitor.open(LUGOS)
    await type_in(page)
    await visitor.leave()
    assert await page.evaluate("Object.keys(sessionStorage).length") == 0


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_session_ends_while_typing(arrive: Arrive, *, scripts: bool) -> None:
    """From the first key to the declaration filed, on a telephone."""
    visitor = await arrive(scripts=scripts)
    page = visitor.page
    await page.set_viewport_size({"width": 360, "height": 740})
    await type_in(page)
    await page.context.clear_cookies()
    await visitor.press("Vérifier et déposer")
    await visitor.reads("Votre session avait pris fin")
    await visitor.enter_as(REFERENT)
    await visitor.reads("Ce que vous aviez saisi")
    await visitor.follow("Rouvrir ce formulaire")
    await visitor.reads("Ce que vous aviez saisi est de retour")
    await reads_what_was_typed(page)
    await visitor.press("Vérifier et déposer")
    await visitor.press("Déposer la déclaration")
    await visitor.reads("Votre déclaration est déposée.")
    await reads_what_was_typed(page)
    await visitor.open("/saisies")
    await visitor.reads("Rien n’attend ici.")
    told = [one for one in visitor.complaints if "401" not in one]  # the browser's own, of a draft that saved itself
    assert told == []

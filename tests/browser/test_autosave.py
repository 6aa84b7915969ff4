"""The minutes save themselves while they are written, and nothing typed is lost whatever happens meanwhile."""

import re
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Dialog, Locator, Page, Route, expect

from browser.served import GROUP, NEXT_COMMITTEE, STARTED, Served
from browser.visitor import Visitor, Visitors, held_back
from pooling.kernel.clock import FixedClock

pytestmark = pytest.mark.browser

FACILITATOR = "animation@bassin.example"


@pytest_asyncio.fixture
async def visitor(demonstration: Served, visitors: Visitors) -> Visitor:
    """The facilitator, at the minutes of a committee that has begun."""
    assert isinstance(demonstration.clock, FixedClock)
    demonstration.clock.instant = STARTED + timedelta(days=7)
    return await at_the_minutes(demonstration, visitors)


async def at_the_minutes(demonstration: Served, visitors: Visitors) -> Visitor:
    visitor = await visitors.arrive(demonstration.url)
    await visitor.hold(await demonstration.token_of(FACILITATOR))
    await visitor.open(f"{GROUP}/comites/{NEXT_COMMITTEE}/compte-rendu")
    return visitor


def box(page: Page) -> Locator:
    return page.get_by_label("Ce qui a été dit")


def status(page: Page) -> Locator:
    return page.locator("[data-autosave-status]")


async def test_what_is_written_is_saved_without_a_button(visitor: Visitor) -> None:
    page = visitor.page
    await expect(box(page)).to_have_value(re.compile("## 1. Arceaux et abris"))
    async with held_back(page):
        await box(page).fill("## Vélos\n\nTout est **décidé**.")
        await expect(status(page)).to_have_text("Modifications non enregistrées…")
    await expect(status(page)).to_have_text(re.compile("Brouillon enregistré à 10"))
    await page.get_by_text("Aperçu du texte enregistré").click()
    await expect(page.locator("[data-autosave-preview] strong")).to_have_text("décidé")
    await page.reload()
    await expect(box(page)).to_have_value("## Vélos\n\nTout est **décidé**.")
    await visitor.press("Noter une décision")
    await expect(page).to_have_url(re.compile("/decisions/nouvelle$"))
    assert visitor.complaints == []


async def test_offline_the_text_stays_and_is_saved_once_the_network_is_back(visitor: Visitor) -> None:
    page = visitor.page
    await page.context.set_offline(True)
    await box(page).fill("Écrit sans réseau")
    await expect(status(page)).to_have_text(re.compile("^Hors connexion"))
    await page.get_by_role("button", name="Enregistrer", exact=True).click()
    await expect(box(page)).to_have_value("Écrit sans réseau")
    await page.context.set_offline(False)
    await expect(status(page)).to_have_text(re.compile("^Brouillon enregistré"))
    await page.reload()
    await expect(box(page)).to_have_value("Écrit sans réseau")


async def test_an_answer_that_is_lost_does_not_make_two_texts(visitor: Visitor) -> None:
    page = visitor.page
    lost: list[str] = []

    async def lose_the_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.request.url)
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/compte-rendu", lose_the_first)
    await box(page).fill("Premier jet")
    await expect(status(page)).to_have_text(re.compile("^Hors connexion"))
    await box(page).fill("Premier jet, puis la suite")
    await page.get_by_role("button", name="Enregistrer", exact=True).click()
    await expect(page.locator("main")).to_contain_text("Le compte-rendu est enregistré.")
    await expect(box(page)).to_have_value("Premier jet, puis la suite")


async def test_a_session_that_ended_is_told_and_the_text_saved_after_signing_in_again(
    visitor: Visitor, demonstration: Served
) -> None:
    page = visitor.page
    other = await page.context.new_page()
    await other.goto(demonstration.url + GROUP)
    await other.locator(".site-person > summary").click()
    async with other.expect_navigation():
        await other.get_by_role("button", name="Se déconnecter").click()
    await box(page).fill("Écrit après la fin de la session")
    await expect(status(page)).to_have_text(re.compile("^Votre session a pris fin"))
    await expect(box(page)).to_have_value("Écrit après la fin de la session")
    await other.goto(f"{demonstration.url}/connexion")
    async with other.expect_navigation():
        await other.get_by_role("button", name=f"Entrer en tant que {FACILITATOR}", exact=True).click()
    await page.get_by_role("button", name="Enregistrer", exact=True).click()
    await expect(page.locator("main")).to_contain_text("Le compte-rendu est enregistré.")
    await expect(box(page)).to_have_value("Écrit après la fin de la session")


async def test_two_people_see_both_texts(visitor: Visitor, demonstration: Served, visitors: Visitors) -> None:
    mine, theirs = visitor.page, (await at_the_minutes(demonstration, visitors)).page
    await box(theirs).fill("Leur texte")
    await expect(status(theirs)).to_have_text(re.compile("^Brouillon enregistré"))
    await box(mine).fill("Mon texte")
    await expect(status(mine)).to_have_text(re.compile("^Une autre personne a enregistré"))
    await visitor_press(visitor, "Enregistrer")
    await expect(mine.get_by_label("Le texte enregistré par")).to_have_value("Leur texte")
    await expect(mine.get_by_label("Votre texte")).to_have_value("Mon texte")
    await mine.get_by_label("Votre texte").fill("Les deux textes")
    await visitor.press("Enregistrer")
    await expect(box(mine)).to_have_value("Les deux textes")


async def visitor_press(visitor: Visitor, name: str) -> None:
    """Presses a button whose page answers 409."""
    async with visitor.page.expect_navigation(wait_until="load"):
        await visitor.page.get_by_role("button", name=name, exact=True).click()
    await visitor.look()


async def test_leaving_with_something_unsaved_is_asked_about(visitor: Visitor) -> None:
    page = visitor.page
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.context.set_offline(True)
    await box(page).press_sequentially("Non enregistré")
    async with page.expect_event("dialog"):
        await page.evaluate("location.hash = ''; window.setTimeout(() => location.assign('/'), 0)")
    await expect(status(page)).to_have_text(re.compile("^Hors connexion"))
    assert asked == ["beforeunload"]
    await page.context.set_offline(False)

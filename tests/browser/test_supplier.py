"""A supplier without an account answers on the page behind its mailed link: with scripts, each page of it examined; and
without them, by the keyboard alone, on a telephone.
"""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, text
from sqlmodel import col

from browser.served import GROUP, Served
from browser.visitor import HEIGHT, NARROW, Visitor, Visitors, labelled
from pooling.kernel.database import Database
from pooling.outbox.models import Message

pytestmark = pytest.mark.browser

BUYER, REQUESTS = "achats@cobas.example", f"{GROUP}/achats/AG-2026-002/devis/demandes"
STAENDER = "Fahrradständer Beispiel (fictif)"
"""Of which the buyer has a quote for the first lot, none for the whole."""
MOST_TABS = 40


async def test_a_supplier_answers_behind_its_link(demonstration: Served, visitors: Visitors) -> None:
    buyer = await visitors.arrive(demonstration.url)
    await buyer.hold(await demonstration.token_of(BUYER))
    await buyer.open(REQUESTS)
    await labelled(buyer.page, STAENDER).check()
    await buyer.fill("Réponse au plus tard le", "2026-12-01")
    await buyer.press("Envoyer la demande")
    await buyer.reads("1 fournisseur : la demande est écrite")
    link, code = await mailed(demonstration.database)

    supplier = await visitors.arrive(demonstration.url)
    await supplier.open(link)
    await supplier.fill("Code reçu par courriel", "0000 0000")
    await supplier.press("Ouvrir la demande")
    await supplier.reads("n’est pas celui du courriel")
    await supplier.fill("Code reçu par courriel", code)
    await supplier.press("Ouvrir la demande")
    await supplier.page.locator("input[name^=prix-]").first.fill("cher")
    await supplier.press("Enregistrer votre offre")
    await expect(supplier.page.locator("input[name^=prix-]").first).to_have_value("cher")
    await supplier.page.locator("input[name^=prix-]").first.fill("1 719,5")
    await supplier.press("Enregistrer votre offre")
    await supplier.reads("Votre offre est enregistrée")

    await on_a_telephone_by_the_keyboard(await visitors.arrive(demonstration.url, javascript=False), link, code)
    assert visitors.complaints == []


async def on_a_telephone_by_the_keyboard(visitor: Visitor, link: str, code: str) -> None:
    page = visitor.page
    await page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    await visitor.open(link)
    await reach(page, "code")
    await page.keyboard.type(code)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await reach(page, "prix-")
    assert re.sub(r"\s", "", await page.evaluate("document.activeElement.value")).startswith("1719,5")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("1699")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await visitor.reads("Votre offre est enregistrée")
    await expect(page.locator("input[name^=prix-]").first).to_have_value(re.compile("1699"))


async def reach(page: Page, name: str) -> None:
    """Tabs on until the field whose name begins so has the focus."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if str(await page.evaluate("document.activeElement.name || ''")).startswith(name):
            return
    raise AssertionError(f"{name} is out of the keyboard's reach")


async def mailed(database: Database) -> tuple[str, str]:
    """The path of the supplier's link, and its code."""
    async with database.transaction() as session:
        group = await session.scalar(text("SELECT id FROM all_groups()"))
    async with database.transaction(group) as session:
        mail = await session.scalar(select(col(Message.body_text)).where(col(Message.kind) == "quotes.asked"))
    assert mail is not None
    link, code = re.search(r"(/offre/\S+)", mail), re.search(r"code (\d{4}\s\d{4})", mail)
    assert link
    assert code
    return link[1], code[1]

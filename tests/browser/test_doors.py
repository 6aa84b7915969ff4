"""Three doors to one declaration, each with scripts and without; drafts that save themselves; two people, a session
that ends, a collection that closes meanwhile; and the keyboard alone.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
import pytest_asyncio
from playwright.async_api import Dialog, Locator, Page, expect

from browser.served import LUGOS, STARTED, Served
from browser.visitor import Visitor, Visitors, held_back, labelled
from pooling.kernel.clock import FixedClock

pytestmark = pytest.mark.browser

REFERENT = "referent@lugos.example"
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


def status(page: Page) -> Locator:
    return page.locator("[data-autosave-status]")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_cells_are_pasted_checked_and_filed(arrive: Arrive, *, scripts: bool) -> None:
    visitor = await arrive(scripts=scripts)
    await visitor.follow("coller des cellules")
    await visitor.fill("Cellules copiées", "Arceau posé\t7\t9\tDevant la gare\nBanc\t2\nAbri de 10 places\t1,200")
    await visitor.press("Voir ce qui change")
    await visitor.reads("« Banc » n’est pas un article de cet achat")
    await visitor.reads("peut se lire de deux façons")
    await visitor.reads("7, jusqu’à 9 · Devant la gare")
    await visitor.press("Reprendre 1 ligne dans le brouillon")
    await visitor.reads("Vérifiez la déclaration de Lugos")
    await visitor.press("Déposer la déclaration")
    await visitor.reads("Votre déclaration est déposée.")
    await expect(labelled(visitor.page, "Arceau posé")).to_have_value("7")
    await expect(labelled(visitor.page, "Note pour l’acheteur").first).to_have_value("Devant la gare")
    assert visitor.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_a_template_is_downloaded_filled_in_and_sent_back(
    arrive: Arrive, tmp_path: Path, *, scripts: bool
) -> None:
    visitor = await arrive(scripts=scripts)
    page = visitor.page
    await visitor.follow("remplir un fichier")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Modèle XLSX").click()
    file = await download.value
    await file.save_as(tmp_path / file.suggested_filename)
    book = openpyxl.load_workbook(tmp_path / file.suggested_filename)
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "arceau")
    row[headings.index("Quantité")].value = 11
    book.save(tmp_path / "rempli.xlsx")
    await page.get_by_label("Fichier rempli").set_input_files(tmp_path / "rempli.xlsx")
    await visitor.press("Voir ce qui change")
    await visitor.press("Reprendre 1 ligne dans le brouillon")
    await visitor.press("Déposer la déclaration")
    await visitor.reads("Votre déclaration est déposée.")
    await expect(labelled(page, "Arceau posé")).to_have_value("11")
    assert visitor.complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_one_button_says_that_nothing_is_needed_another_takes_it_back(arrive: Arrive, *, scripts: bool) -> None:
    visitor = await arrive(scripts=scripts)
    page = visitor.page
    await visitor.press("Nous n’avons pas de besoin")
    await visitor.reads("Vous indiquez des quantités")
    await expect(labelled(page, "Arceau posé")).to_have_value("4")
    await visitor.fill("Arceau posé", "")
    await visitor.press("Nous n’avons pas de besoin")
    await visitor.reads("Vous avez répondu : pas de besoin")
    await visitor.press("Retirer cette réponse")
    await visitor.reads("Votre réponse est retirée")
    assert visitor.complaints == []


async def test_a_draft_saves_itself_and_says_so(arrive: Arrive) -> None:
    visitor = await arrive()
    page = visitor.page
    async with held_back(page):
        await visitor.fill("Arceau posé", "8")
        await expect(status(page)).to_have_text("Modifications non enregistrées…")
    await expect(status(page)).to_have_text(re.compile("^Brouillon enregistré à"))
    await page.reload()
    await expect(labelled(page, "Arceau posé")).to_have_value("8")
    await expect(page.locator(".unsent")).to_have_count(0)
    await visitor.press("Vérifier et déposer")
    await visitor.press("Déposer la déclaration")
    await visitor.reads("Votre déclaration est déposée.")
    assert visitor.complaints == []


async def test_a_draft_that_cannot_be_saved_fails_loudly(arrive: Arrive) -> None:
    visitor = await arrive()
    page = visitor.page
    await visitor.fill("Arceau posé", "douze")
    await expect(status(page)).to_have_text(re.compile("^Ce brouillon n’a pas pu être enregistré"))
    await expect(status(page)).to_have_class(re.compile("autosave-failed"))
    await page.context.set_offline(True)
    await visitor.fill("Arceau posé", "12")
    await expect(status(page)).to_have_text(re.compile("^Hors connexion"))
    await page.context.set_offline(False)
    await expect(status(page)).to_have_text(re.compile("^Brouillon enregistré à"))
    await expect(status(page)).not_to_have_class(re.compile("autosave-failed"))


async def test_two_people_who_type_at_once_see_both_versions(
    arrive: Arrive, demonstration: Served, visitors: Visitors
) -> None:
    mine, theirs = await arrive(), await arrive()
    await theirs.fill("Arceau posé", "21")
    await expect(status(theirs.page)).to_have_text(re.compile("^Brouillon enregistré à"))
    await mine.fill("Arceau posé", "22")
    await expect(status(mine.page)).to_have_text(re.compile("^Une autre personne a enregistré"))
    await mine.press("Enregistrer le brouillon")
    await mine.reads("La version enregistrée entre-temps par")
    await expect(labelled(mine.page, "Arceau posé")).to_have_value("22")
    await mine.press("Enregistrer le brouillon")
    await mine.reads("Votre brouillon est enregistré.")


async def test_a_collection_that_closes_while_somebody_types_says_so(arrive: Arrive, demonstration: Served) -> None:
    visitor = await arrive()
    assert isinstance(demonstration.clock, FixedClock)
    demonstration.clock.instant = STARTED + timedelta(days=13)
    await visitor.fill("Arceau posé", "9")
    await expect(status(visitor.page)).not_to_have_text(re.compile("^(Modifications|Brouillon enregistré)"))
    await expect(status(visitor.page)).to_have_class(re.compile("autosave-failed"))
    await expect(labelled(visitor.page, "Arceau posé")).to_have_value("9")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_what_was_pasted_is_back_after_a_session_that_ended(arrive: Arrive, *, scripts: bool) -> None:
    visitor = await arrive(scripts=scripts)
    page = visitor.page
    await visitor.follow("coller des cellules")
    await visitor.fill("Cellules copiées", "Arceau posé\t7")
    await page.context.clear_cookies()
    await visitor.press("Voir ce qui change")
    await visitor.reads("Votre session avait pris fin")
    await visitor.enter_as(REFERENT)
    await visitor.follow("Rouvrir ce formulaire")
    await expect(labelled(page, "Cellules copiées")).to_have_value("Arceau posé\t7")
    await visitor.press("Voir ce qui change")
    await visitor.reads("Reprendre 1 ligne dans le brouillon")
    assert visitor.complaints == []


async def test_a_block_is_pasted_and_filed_from_the_keyboard(arrive: Arrive) -> None:
    visitor = await arrive()
    page = visitor.page

    async def go(name: str, role: str) -> None:
        target = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await target.evaluate("element => element === document.activeElement"):
                break
        async with page.expect_navigation():
            await page.keyboard.press("Enter")

    await go("coller des cellules", "link")
    await page.get_by_label("Cellules copiées").focus()
    await page.keyboard.type("arceau;7")
    await go("Voir ce qui change", "button")
    await go("Reprendre 1 ligne dans le brouillon", "button")
    await go("Déposer la déclaration", "button")
    await visitor.reads("Votre déclaration est déposée.")

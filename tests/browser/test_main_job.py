"""The main job through the pages, with scripts and without: declare, close, consolidate, export, be reminded.

The workbook at its end is held against what every member declared, by arithmetic that shares no code with ours.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from browser.served import BIKE_RACKS, Served
from browser.spreadsheet import Sheet, cents, read_sheets
from browser.visitor import Visitor, Visitors, labelled, plain

pytestmark = pytest.mark.browser

PACK_OF_RACKS = 5
RACK, SHELTER = "Arceau posé", "Abri de 10 places"
TIERS = {RACK: ((1, 180_00), (100, 165_00), (250, 150_00)), SHELTER: ((1, 14_000_00),)}
"""From so many units on, so many cents for each."""
VAT_PERCENT = 20

Needs = dict[str, dict[str, int]]
"""Units by item, by member."""


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_from_a_declared_need_to_the_cents_that_finance_pays(
    demonstration: Served, visitors: Visitors, tmp_path: Path, javascript: bool
) -> None:
    visitor = await visitors.arrive(demonstration.url, javascript=javascript)
    await the_referent_of_lugos_finishes_a_draft_and_files_it(visitor)
    needs = await the_lead_buyer_reads_the_needs_and_closes_early(visitor)
    await the_lead_buyer_freezes_the_consolidation(visitor)
    file = await a_finance_officer_downloads_who_pays_what(visitor, tmp_path)
    every_cent_of_the_needs_is_in(read_sheets(file), needs)
    await demonstration.worker_passes()
    await the_facilitator_sees_the_committee_and_its_reminders_sent(visitor)
    assert visitors.complaints == []


async def the_referent_of_lugos_finishes_a_draft_and_files_it(visitor: Visitor) -> None:
    await visitor.enter_as("referent@lugos.example")
    await visitor.reads("Déposer le brouillon de Lugos")
    await visitor.follow("Terminer et déposer", within=card(visitor, "Déposer le brouillon de Lugos"))
    await expect(labelled(visitor.page, RACK)).to_have_value("4")
    await visitor.fill(RACK, "6")
    await visitor.fill(SHELTER, "1")
    await visitor.fill("Précisions pour l’acheteur", "Devant l’école et la gare")
    await visitor.press("Enregistrer le brouillon")
    await visitor.reads("Votre brouillon est enregistré.")
    await expect(labelled(visitor.page, RACK)).to_have_value("6")
    await visitor.press("Vérifier et déposer")
    await visitor.reads("Vérifiez la déclaration de Lugos")
    await visitor.press("Déposer la déclaration")
    await visitor.reads("Votre déclaration est déposée.")
    await expect(labelled(visitor.page, "Précisions pour l’acheteur")).to_have_value("Devant l’école et la gare")
    await visitor.leave()


async def the_lead_buyer_reads_the_needs_and_closes_early(visitor: Visitor) -> Needs:
    await visitor.enter_as("achats@cobas.example")
    await visitor.follow("Voir les réponses", within=card(visitor, BIKE_RACKS))
    await visitor.reads("25 déposées sur 29 participants")
    needs = await declared_needs(visitor)
    assert needs["Lugos"] == {RACK: 6, SHELTER: 1}
    await visitor.follow("Consolidation")
    await visitor.follow("Clôturer la collecte")
    await visitor.reads("4 participants sur 29 sans déclaration déposée.")
    await visitor.press("Clôturer la collecte")
    await visitor.reads("Dites pourquoi vous clôturez avant la date prévue")
    await visitor.fill("Pourquoi clôturer avant la date prévue", "Le fournisseur ferme ses commandes vendredi.")
    await visitor.press("Clôturer la collecte")
    await visitor.reads("La collecte est close.")
    return needs


async def the_lead_buyer_freezes_the_consolidation(visitor: Visitor) -> None:
    await visitor.press("Figer la consolidation")
    await visitor.reads("La consolidation n° 1 est figée.")
    await visitor.leave()


async def a_finance_officer_downloads_who_pays_what(visitor: Visitor, folder: Path) -> Path:
    await visitor.enter_as("finances@arcachon.example")
    await visitor.follow("Achats groupés", within=visitor.page.get_by_role("navigation", name="Menu principal"))
    await visitor.follow("Arceaux et abris à vélos")
    await visitor.follow("Coûts")
    await visitor.reads("97 250,00 €")
    await visitor.reads("116 700,00 €")
    async with visitor.page.expect_download() as download:
        await visitor.page.get_by_role("link", name="XLSX").click()
    file = await download.value
    assert file.suggested_filename == f"{BIKE_RACKS}-repartition-estimee.xlsx"
    await file.save_as(folder / file.suggested_filename)
    await visitor.leave()
    return folder / file.suggested_filename


async def the_facilitator_sees_the_committee_and_its_reminders_sent(visitor: Visitor) -> None:
    await visitor.enter_as("animation@bassin.example")
    await visitor.follow("Répondre", within=card(visitor, "Répondre à l’invitation : Comité de suivi"))
    await visitor.follow("Comité de suivi", within=visitor.page.get_by_role("navigation", name="Fil d’Ariane"))
    await visitor.reads("Arceaux et abris : où en sont les déclarations")
    await visitor.reads("33 personnes invitées")
    await visitor.follow("Courriels", within=visitor.page.get_by_role("navigation", name="Menu principal"))
    mails = visitor.page.get_by_role("row").filter(has_text="Comité de suivi vendredi 20 novembre à 14 h")
    mine = mails.filter(has_text="animation@bassin.example")
    await expect(mine).to_have_count(1)
    await expect(mine).to_contain_text("Parti")
    await expect(mails.filter(has_text="referent@lugos.example")).to_have_count(1)
    await visitor.go_by(mine.get_by_role("link"))
    await visitor.reads("Hôtel de ville de Biganos")


def card(visitor: Visitor, text: str) -> Locator:
    """The card of « À faire » that says this."""
    return visitor.page.locator("main li").filter(has_text=text)


async def declared_needs(visitor: Visitor) -> Needs:
    """What the lead buyer's page says that each member has declared; nothing for those who have not answered."""
    table = visitor.page.get_by_role("table", name="Besoins par membre")
    needs: Needs = {}
    for row in await table.locator("tbody tr").all():
        name, _, racks, shelters, _ = [plain(text) for text in await row.locator("th, td").all_inner_texts()]
        needs[name] = {RACK: units(racks), SHELTER: units(shelters)}
    return needs


def units(shown: str) -> int:
    return 0 if shown == "–" else int(shown.replace(" ", ""))


@dataclass(frozen=True)
class Due:
    """What a member pays, in cents."""

    ht: int
    vat: int


def what_each_must_pay(needs: Needs) -> dict[str, Due]:
    """The order is pooled, so all pay the price of the highest tier reached together, and VAT on it."""
    assert sum(needs[member][RACK] for member in needs) % PACK_OF_RACKS == 0, "whole packs: nobody gets more or less"
    prices = {
        item: max(tiers_reached(tiers, sum(needs[member][item] for member in needs)))[1]
        for item, tiers in TIERS.items()
    }
    before_tax = {name: sum(prices[item] * wanted for item, wanted in lines.items()) for name, lines in needs.items()}
    assert all(ht * VAT_PERCENT % 100 == 0 for ht in before_tax.values()), "no cent to round"
    return {name: Due(ht, ht * VAT_PERCENT // 100) for name, ht in before_tax.items()}


def tiers_reached(tiers: tuple[tuple[int, int], ...], ordered: int) -> list[tuple[int, int]]:
    return [(start, price) for start, price in tiers if start <= ordered]


def every_cent_of_the_needs_is_in(sheets: dict[str, Sheet], needs: Needs) -> None:
    due = what_each_must_pay(needs)
    assert sum(pays.ht for pays in due.values()) == 97_250_00
    summary = {
        row["Membre"]: (cents(row["HT"]), cents(row["TVA"]), cents(row["TTC"])) for row in sheets["Répartition"].rows
    }
    assert summary == {name: (pays.ht, pays.vat, pays.ht + pays.vat) for name, pays in due.items()}
    lines = {(row["Membre"], row["Objet"]): row["Quantité"] for row in sheets["Détail"].rows}
    assert lines == {(name, item): wanted for name, of in needs.items() for item, wanted in of.items() if wanted}
    assert sum(cents(row["HT"]) for row in sheets["Détail"].rows) == 97_250_00
    assert sum(cents(row["TVA"]) for row in sheets["Détail"].rows) == 19_450_00
    checks = {plain(row["Contrôle"]): cents(row["Total de la règle"]) for row in sheets["Contrôle"].rows}
    assert checks["TTC : somme des membres"] == 116_700_00
    about = sheets.pop("Lisez-moi")
    assert "fictifs" in str((about.headings, about.rows))
    assert all("fictifs" in str(sheet.notice) for sheet in sheets.values() if sheet.rows)
    assert all("Remarque" in sheet.headings for sheet in sheets.values())

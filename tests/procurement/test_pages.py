"""The pages of a purchase's procedure: what applies is said with its reasons, the lead plans, members speak for
themselves.
"""

import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.procurement.models import ProcurementPlan, ProcurementShare
from pooling.purchases.details import describe_item
from pooling.purchases.lots import arrange_lots
from pooling.purchases.schemas import DetailsIn, LotIn, LotsIn
from web_client import SignIn, text_of

PAGE = "/g/bassin/achats/AG-2027-001/procedure"
PLAN = f"{PAGE}/modification"
PLANNED = {"family": "Mobilier urbain", "renewals": "1", "mandate": "full", "environment": "criterion"}


async def bought(database: Database, territory: Territory) -> int:
    """Ten shelters and ten racks: 141 800 € HT."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, abri=10, arceau=10)
    return purchase_id


def version_in(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


async def test_the_page_says_what_applies_and_why(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    browser = await sign_in("referent@lugos.example")
    shown = text_of(await browser.get(PAGE))
    assert "Valeur estimée HT, au sens des seuils 141 800,00 €" in shown
    assert "Procédure Procédure adaptée, avis publié" in shown
    assert "personne ne l’a dit" in shown
    assert "Faire un contrat écrit obligatoire CCP, art. R2112-1" in shown
    assert "Dites comment les offres seront comparées pour l’environnement" in shown
    assert "membres ont une délibération notée" in shown or "a une délibération notée" in shown
    assert "Ce que dit votre collectivité" in shown
    assert "Salles" not in shown.partition("Ce que dit votre collectivité")[2]
    assert "Modifier" not in shown


async def test_the_value_stands_beside_the_thresholds_and_is_split_by_lot_and_family(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await bought(database, territory)
    browser = await sign_in(BUYER)
    page = await browser.get(PAGE)
    assert page.text.count('id="seuils-r') >= 3, "one bar for each threshold"
    assert "Procédure adaptée, avis publié 90 000,00 € atteint, 51 800,00 € au-dessus" in text_of(page)
    assert "Procédure formalisée 216 000,00 € il reste 74 200,00 €" in text_of(page)
    assert "Par lot" not in page.text
    assert "Par famille homogène" not in page.text
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        lots = LotsIn(lots=(LotIn(number=1, title="Abris", items=("abri",)),))
        await arrange_lots(session, buyer, purchase_id, lots, NOW)
        await describe_item(session, buyer, purchase_id, "abri", DetailsIn(family="Abris"), NOW)
    shown = text_of(await browser.get(PAGE))
    assert "Lot n° 1 : Abris 140 000,00 €" in shown
    assert "Hors lot 1 800,00 €" in shown
    assert "Famille pas encore dite 1 800,00 €" in shown


async def test_the_lead_plans_and_the_value_follows(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await bought(database, territory)
    browser = await sign_in(BUYER)
    page = await browser.get(PLAN)
    saved = await browser.post(PLAN, {**PLANNED, "version": version_in(page.text), "options": "8 200"}, page=PLAN)
    assert (saved.status_code, saved.headers["location"]) == (303, PAGE)
    shown = text_of(await browser.get(PAGE))
    assert "300 000,00 €" in shown, "twice 141 800 and the options"
    assert "Procédure formalisée" in shown
    assert "Ce que disent les membres" in shown
    assert "Dites comment les offres" not in shown
    async with database.transaction(territory.group_id) as session:
        plan = await session.get(ProcurementPlan, (territory.group_id, purchase_id))
        assert plan is not None
        assert (plan.options_cents, plan.renewals, plan.mandate) == (820_000, 1, "full")
        (event,) = (await session.execute(select(Event).where(col(Event.name) == "procurement.planned"))).scalars()
        assert event.details["changed"]["options"] == [None, "8\u202f200,00\u00a0€ HT"]


async def test_two_who_plan_at_once_do_not_overwrite_each_other(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    page = await browser.get(PLAN)
    first = {**PLANNED, "version": version_in(page.text)}
    assert (await browser.post(PLAN, first, page=PLAN)).status_code == 303
    second = await browser.post(PLAN, {**first, "family": "Cycles"}, page=PLAN)
    assert second.status_code == 422
    assert "Une autre personne a enregistré autre chose" in text_of(second)
    assert 'value="Cycles"' in second.text
    assert "Famille homogène Mobilier urbain Cycles" in text_of(second), "both versions, side by side"
    assert (
        await browser.post(PLAN, {**first, "family": "Cycles", "version": version_in(second.text)}, page=PLAN)
    ).status_code == 303


async def test_what_is_wrong_is_told_at_its_field(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    wrong = {**PLANNED, "options": "beaucoup", "renewals": "99", "launched_on": "31/31/2027", "mandate": "x"}
    refused = await browser.post(PLAN, {**wrong, "version": version_in((await browser.get(PLAN)).text)}, page=PLAN)
    assert refused.status_code == 422
    shown = text_of(refused)
    for said in ("Indiquez un montant en euros", "Indiquez une date", "Choisissez une des réponses proposées"):
        assert said in shown
    assert 'value="beaucoup"' in refused.text
    version = version_in(refused.text)
    for launched, said in (
        ({"launched_on": "2027-01-04"}, "Choisissez la procédure sous laquelle l’achat a été lancé"),
        ({"procedure": "adapted"}, "Indiquez le jour de l’avis"),
        ({"procedure": "never", "launched_on": "2027-01-04"}, "Cette procédure n’existait pas à cette date"),
    ):
        asked = await browser.post(PLAN, {**PLANNED, **launched, "version": version}, page=PLAN)
        assert asked.status_code == 422
        assert said in text_of(asked)


async def test_a_launched_purchase_that_grows_is_warned_of(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    launched = {**PLANNED, "renewals": "0", "procedure": "adapted", "launched_on": "2027-01-04"}
    version = version_in((await browser.get(PLAN)).text)
    assert (await browser.post(PLAN, {**launched, "version": version}, page=PLAN)).status_code == 303
    shown = text_of(await browser.get(PAGE))
    assert "ne suffit plus, il faudrait « Procédure adaptée, avis publié »" in shown
    assert "Lancement Procédure adaptée, publicité libre, le 04/01/2027" in shown


async def test_a_member_speaks_for_itself(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    lugos, salles = (f"{PAGE}/membres/{code}" for code in (LUGOS, SALLES))
    browser = await sign_in("referent@lugos.example")
    said = {"spent": "10 000", "deliberated_on": "2027-01-05", "deliberation": "2027-004"}
    said |= {"version": version_in((await browser.get(lugos)).text)}
    assert (await browser.post(lugos, {**said, "deliberated_on": "2099-01-01"}, page=lugos)).status_code == 422
    assert (await browser.post(lugos, {**said, "deliberated_on": ""}, page=lugos)).status_code == 422
    assert (await browser.post(lugos, said, page=lugos)).status_code == 303
    shown = text_of(await browser.get(PAGE))
    assert "151 800,00 €" in shown
    assert "10 000,00 € 2027-004 du 05/01/2027" in shown
    assert (await browser.get(salles)).status_code == 403
    assert (await browser.post(salles, said, page=lugos)).status_code == 403
    assert (await browser.get(f"{PAGE}/membres/999999")).status_code == 404
    async with database.transaction(territory.group_id) as session:
        kept = (await session.execute(select(ProcurementShare))).scalars().all()
        assert [(share.spent_cents, share.deliberation) for share in kept] == [(1_000_000, "2027-004")]


async def test_a_unit_does_not_deliberate(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    unit = f"{PAGE}/membres/UFR-DROIT"
    version = version_in((await browser.get(unit)).text)
    typed = {"spent": "", "deliberated_on": "2027-01-05", "version": version}
    refused = await browser.post(unit, typed, page=unit)
    assert refused.status_code == 422
    assert "Une composante ne délibère pas" in text_of(refused)


@pytest.mark.parametrize("email", ["referent@lugos.example", "referent@salles.example"])
async def test_nobody_else_plans(email: str, database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    browser = await sign_in(email)
    assert (await browser.get(PLAN)).status_code == 403


async def test_a_slip_on_the_way_does_not_overwrite_what_somebody_else_planned(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """The version is the one that was shown, also after the form has come back for something else."""
    await bought(database, territory)
    browser = await sign_in(BUYER)
    opened = version_in((await browser.get(PLAN)).text)
    other = {**PLANNED, "family": "Cycles", "version": opened}
    assert (await browser.post(PLAN, other, page=PLAN)).status_code == 303
    slip = await browser.post(PLAN, {**PLANNED, "options": "beaucoup", "version": opened}, page=PLAN)
    assert version_in(slip.text) == opened
    again = await browser.post(PLAN, {**PLANNED, "version": version_in(slip.text)}, page=PLAN)
    assert again.status_code == 422
    assert "Une autre personne a enregistré autre chose" in text_of(again)


async def test_two_who_speak_for_a_member_at_once_do_not_overwrite_each_other(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser, page = await sign_in(BUYER), f"{PAGE}/membres/{LUGOS}"
    said = {"spent": "10", "version": version_in((await browser.get(page)).text)}
    assert (await browser.post(page, said, page=page)).status_code == 303
    second = await browser.post(page, {**said, "spent": "20"}, page=page)
    assert second.status_code == 422
    assert "Une autre personne a enregistré autre chose" in text_of(second)
    told = {"spent": "20", "version": version_in(second.text)}
    assert (await browser.post(page, told, page=page)).status_code == 303

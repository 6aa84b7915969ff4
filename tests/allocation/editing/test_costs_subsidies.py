"""Subsidies of a purchase: previewed, kept with their caps, counted in what remains to each."""

from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.database import Database
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Purchase
from web_client import Browser, SignIn, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
NEW = f"{COSTS}/frais/nouveau"
DELIVERY = {"label": "Livraison", "amount": "100,00", "vat_rate": "20", "key": "equal", "scope": "all", "step": "save"}


def version_in(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


async def bought(database: Database, territory: Territory) -> None:
    """An open purchase in which Lugos has filed 7 racks, Salles 3."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)


async def stored(database: Database, territory: Territory) -> list[Charge]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(Charge).order_by(col(Charge.id)))).scalars())


async def subsidies(database: Database, territory: Territory) -> list[Subsidy]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(Subsidy).order_by(col(Subsidy.id)))).scalars())


async def test_a_subsidy_is_previewed_kept_and_counted(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser: Browser = await sign_in(BUYER)
    url = f"{COSTS}/subventions/nouvelle"
    async with database.transaction(territory.group_id) as session:
        purchase = (await session.execute(select(Purchase))).scalar_one()
        racks = (await item_ids(session, purchase.id))["arceau"]
    typed = {
        "label": "Alvéole",
        "kind": "rate",
        "rate": "40",
        "cap_per_unit": "60",
        "items": "list",
        f"item-{racks}": "1",
        "scope": "all",
        "public": "1",
    }
    assert "un vélo à 540 € HT a 216 €, un vélo à 1 900 € en a 250." in text_of(await browser.get(url))
    preview = text_of(await browser.post(url, {**typed, "step": "preview"}, page=url))
    # 40 % of 7 × 180 is 504, capped at 7 × 60 = 420.
    assert "Lugos 420,00 € 1 512,00 € 1 092,00 € −420,00 €" in preview
    assert await subsidies(database, territory) == []
    wrong = await browser.post(url, {**typed, "rate": "140", "step": "save"}, page=url)
    assert wrong.status_code == 422
    assert "entre 0 et 100" in text_of(wrong)
    for _ in range(2):
        assert (await browser.post(url, {**typed, "step": "save"}, page=url)).status_code == 303
    (subsidy,) = await subsidies(database, territory)
    assert (subsidy.cap_per_unit_cents, subsidy.items, subsidy.members) == (6000, ["arceau"], None)
    why = text_of(await browser.get(f"{COSTS}/{LUGOS}"))
    assert "Subvention, Alvéole : 420,00 €" in why
    assert "1 260,00 € × 40 % = 504,00 €" in why
    assert "60,00 € × 7 = 420,00 €" in why
    removal = f"{COSTS}/subventions/alveole/suppression"
    page = await browser.get(removal)
    assert (await browser.post(removal, {"version": version_in(page.text)}, page=removal)).status_code == 303
    assert await subsidies(database, territory) == []


async def test_a_charge_that_a_subsidy_counts_is_not_removed(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    await browser.post(NEW, DELIVERY, page=NEW)
    (charge,) = await stored(database, territory)
    url = f"{COSTS}/subventions/nouvelle"
    typed = {"label": "Aide", "kind": "amount", "amount": "50", "items": "none", "scope": "all", "step": "save"}
    assert (await browser.post(url, {**typed, f"charge-{charge.id}": "1"}, page=url)).status_code == 303
    removal = f"{COSTS}/frais/livraison/suppression"
    version = version_in((await browser.get(removal)).text)
    answer = await browser.post(removal, {"version": version}, page=removal)
    assert answer.status_code == 409
    assert "« Aide » compte ces frais" in text_of(answer)
    assert len(await stored(database, territory)) == 1

"""One purchase tells its state, its dates and its totals the same way on every page."""

import io
from datetime import timedelta
from decimal import Decimal

from openpyxl import load_workbook
from sqlalchemy import select

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.collections.models import Collection, CollectionState
from pooling.kernel.database import Database
from pooling.kernel.events import record_event
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.schemas import ItemIn, TierIn
from web_client import SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
RACK = ItemIn(
    code="arceau",
    name="Arceau",
    unit="arceau",
    unit_price=Decimal(100),
    pack=5,
    tiers=(TierIn(from_quantity=20, unit_price=Decimal(80)),),
)


async def test_a_delivered_purchase_is_no_estimate_and_tells_what_was(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW, items=(RACK,), participants=(LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=20)
    browser = await sign_in(BUYER)
    assert "Estimation, d’après les quantités déclarées" in text_of(await browser.get(f"{PURCHASE}/couts"))
    async with database.transaction(territory.group_id) as session:
        purchase = (await session.execute(select(Purchase))).scalar_one()
        collection = (await session.execute(select(Collection))).scalar_one()
        purchase.state = PurchaseState.DELIVERED
        collection.state, collection.closed_at = CollectionState.CLOSED, NOW + timedelta(hours=2)
        record_event(
            session,
            at=NOW + timedelta(days=30),
            person_id=None,
            subject=("purchase", purchase_id),
            name="purchase.delivered",
            change=(PurchaseState.ORDERED, PurchaseState.DELIVERED),
        )
    costs = text_of(await browser.get(f"{PURCHASE}/couts"))
    assert "Estimation, d’après" not in costs
    assert "D’après les quantités déclarées à ce jour. Seul le FCTVA reste une estimation." in costs
    assert "1 600,00 € d’articles au prix des paliers atteints (2 000,00 € au prix indicatif" in costs.replace(
        "\u202f", " "
    )
    glance = text_of(await browser.get(PURCHASE))
    assert "Déclarations closes lundi 1er mars 2027 à 12 h (elle était prévue" in glance
    assert "Livraison le mercredi 31 mars 2027" in glance
    assert "en cours" not in glance.partition("En bref")[0]
    needs = text_of(await browser.get(f"{PURCHASE}/besoins"))
    assert "Montants au prix indicatif HT. Le prix du palier atteint, les frais partagés" in needs


async def test_no_option_says_without_tolerance_where_a_pack_takes_some(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Aiming at no tier, tolerance still fills the last pack: 18 asked for, 20 accepted, packs of 5."""
    await open_purchase(database, territory, NOW, items=(RACK,), participants=(LUGOS, SALLES))
    lugos = await sign_in("referent@lugos.example")
    page = f"{PURCHASE}/besoins/{LUGOS}"
    box = (await lugos.get(page)).text.partition('name="quantite-')[2].partition('"')[0]
    answer = await lugos.post(f"{page}/depot", {f"quantite-{box}": "18", f"jusqu-{box}": "20"}, page=page)
    assert answer.status_code == 303
    browser = await sign_in(BUYER)
    shown = text_of(await browser.get(f"{PURCHASE}/consolidation/arceau"))
    assert "ans tolérance" not in shown
    assert "À commander sans viser de palier 1 600,00 € HT, dont 2 arceaux de tolérance 20 arceaux" in shown
    assert "les tolérances servent d’abord à compléter un lot" in shown
    options = text_of(await browser.get(f"{PURCHASE}/consolidation"))
    assert "Non, seulement pour compléter un lot ou atteindre le minimum" in options
    assert "sans dépasser ce que chacun accepte" in options


async def test_the_order_is_one_file_of_numbers_without_what_members_pay(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """For the supplier: what is ordered and where it goes, not who pays what."""
    purchase_id = await open_purchase(database, territory, NOW, items=(RACK,), participants=(LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=13)
    browser = await sign_in(BUYER)
    assert f'href="{PURCHASE}/consolidation/commande.xlsx' in (await browser.get(f"{PURCHASE}/consolidation")).text
    book = load_workbook(io.BytesIO((await browser.get(f"{PURCHASE}/consolidation/commande.xlsx")).content))
    assert book.sheetnames == ["Commande", "Livraison", "À propos"]
    assert list(book["Commande"].iter_rows(min_row=1, max_row=2, values_only=True)) == [
        (
            *(
                "Code",
                "Article",
                "Unité",
                "Quantité",
                "Lots",
                "Unités par lot",
                "Prix unitaire HT",
                "Total HT",
                "TVA (%)",
            ),
            *("CPV", "Nature", "Lot"),
        ),
        ("arceau", "Arceau", "arceau", 20, 4, 5, 80, 1600, 20, None, None, None),
    ]
    delivered = list(book["Livraison"].iter_rows(min_row=2, max_row=3, values_only=True))
    nowhere = (None, "à compléter", None, None, None, None)
    assert delivered == [
        (LUGOS, "Lugos", *nowhere, "arceau", "Arceau", 7),
        (SALLES, "Salles", *nowhere, "arceau", "Arceau", 13),
    ]
    about = {str(what): str(said) for what, said in book["À propos"].values}
    assert about["Document"] == "Commande"
    assert about["Achat"].startswith("AG-2027-001 ")
    assert about["Quantités"] == "quantités déclarées à ce jour"
    assert about["Date"].endswith("qui peuvent encore changer")
    other = await sign_in("referent@lugos.example")
    assert (await other.get(f"{PURCHASE}/consolidation/commande.xlsx")).status_code == 403

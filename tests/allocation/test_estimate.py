"""The share that a declaration would cost, shown before it is filed and stored nowhere."""

from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from factories import LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.database import Database
from pooling.needs.models import Declaration
from pooling.purchases.schemas import ItemIn, TierIn
from web_client import SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
PAGE = f"{PURCHASE}/besoins/{LUGOS}"
RACK = ItemIn(
    code="arceau",
    name="Arceau",
    unit="arceau",
    unit_price=Decimal(100),
    tiers=(TierIn(from_quantity=10, unit_price=Decimal(80)),),
)


async def prepare(database: Database, territory: Territory) -> int:
    """Salles has filed 6; delivery is shared by quantity, and an aid pays half of the racks."""
    purchase_id = await open_purchase(database, territory, NOW, items=(RACK,), participants=(LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=6)
    lines: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
    async with database.transaction(territory.group_id) as session:
        session.add(
            Charge(**lines, code="port", label="Port", amount_cents=10000, key="quantity", scope="participants")
        )
        session.add(Subsidy(**lines, code="aide", label="Aide", rate=Decimal(50)))
    return purchase_id


async def test_what_is_typed_is_estimated_net_of_subsidies_before_it_is_filed(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    browser = await sign_in("referent@lugos.example")
    page = await browser.get(PAGE)
    assert "Voir ma part estimée" in page.text
    assert "Votre part estimée" not in page.text
    box = page.text.partition('name="quantite-')[2].partition('"')[0]
    answer = await browser.post(f"{PAGE}/part", {f"quantite-{box}": "4", "comment": "près de l’école"}, page=PAGE)
    assert answer.status_code == 200
    shown = text_of(answer)
    # 10 racks reach the tier: 4 × 80 €, 40 € of the delivery, 20 % VAT, half of the racks paid.
    assert "Votre part estimée" in shown
    assert "432,00 €" in shown
    assert "articles 320,00 € HT, frais 40,00 € HT, TVA 72,00 €" in shown
    assert "160,00 €" in shown
    assert "272,00 €" in shown
    assert "Estimation : ce que coûterait ce que vous avez saisi" in shown
    assert 'value="4"' in answer.text
    assert "près de l’école" in answer.text
    async with database.transaction(territory.group_id) as session:
        assert (await session.execute(select(func.count()).select_from(Declaration))).scalar_one() == 1, "Salles’s"

    wrong = await browser.post(f"{PAGE}/part", {f"quantite-{box}": "quatre"}, page=PAGE)
    assert wrong.status_code == 422
    assert 'value="quatre"' in wrong.text
    assert (await browser.post(f"{PURCHASE}/besoins/{SALLES}/part", {}, page=PAGE)).status_code in {403, 404}


async def test_the_costs_lead_who_has_no_share_yet_to_its_declaration(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    costs = await (await sign_in("referent@lugos.example")).get(f"{PURCHASE}/couts")
    assert "Vous n’avez pas encore de part." in text_of(costs)
    assert f'href="{PAGE}">besoins de Lugos</a>' in costs.text
    filed = await (await sign_in("referent@salles.example")).get(f"{PURCHASE}/couts")
    assert "pas encore de part" not in text_of(filed)
    # 6 racks at the indicative price: the same figure as on the page of needs.
    assert (
        "Total HT : 600,00 € d’articles au prix indicatif, celui de la page Besoins, plus 100,00 € de frais"
        in text_of(filed)
    )

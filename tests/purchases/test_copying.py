"""A purchase is prepared after another one: its form comes filled, its charges and subsidies as far as they go."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, LUGOS, NOW, SALLES, Territory, make_purchase
from pooling.allocation.models import PARTICIPANTS, Charge, Subsidy
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.purchases.models import Purchase
from web_client import SignIn, text_of

NEW = "/g/bassin/achats/nouveau"
AFTER = f"{NEW}?modele=AG-2027-001"


async def model(database: Database, territory: Territory) -> int:
    """Racks and shelters, with charges of every sort and two subsidies."""
    purchase_id = await make_purchase(database, territory, NOW, description="Fourniture et pose.")
    async with database.transaction(territory.group_id) as session:
        own: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
        weights = {"weights": {LUGOS: "2", SALLES: "1"}}
        session.add_all(
            [
                Charge(**own, code="port", label="Port", amount_cents=10000, key="quantity", scope=PARTICIPANTS),
                Charge(
                    **own,
                    code="remise",
                    label="Remise",
                    percent=Decimal("-2.5"),
                    key="amount",
                    items=["abri", "arceau"],
                ),
                Charge(**own, code="pose", label="Pose", amount_cents=5000, key=weights, scope=[LUGOS, SALLES]),
                Charge(
                    **own,
                    code="fixe",
                    label="Part fixe",
                    amount_cents=900,
                    key={"mix": [{"percent": "100", "key": {"percents": {LUGOS: "40", SALLES: "60"}}}]},
                ),
                Charge(**own, code="abris", label="Abris", amount_cents=700, key="amount", items=["abri"]),
                Subsidy(
                    **own, code="aide", label="Aide", rate=Decimal(40), items=["arceau"], charges=["port", "abris"]
                ),
                Subsidy(**own, code="abri", label="Aide aux abris", amount_cents=100, items=["abri"]),
            ]
        )
    return purchase_id


def filled(page: str) -> dict[str, str]:
    """What the form of the page would send as it stands."""
    return {
        name: page.partition(f'name="{name}"')[2].partition('value="')[2].partition('"')[0]
        for name in ("title", "nom-1", "prix-1", "tva-1", "lot-1", "nom-2", "prix-2", "tva-2", "lignes", "like")
    }


async def test_the_form_comes_filled_after_the_model(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await model(database, territory)
    browser = await sign_in("animation@bassin.example")
    assert f'href="{AFTER}"' in (await browser.get("/g/bassin/achats/AG-2027-001")).text
    page = await browser.get(AFTER)
    assert "Sur le modèle de AG-2027-001" in text_of(page)
    assert "Fourniture et pose." in page.text
    assert filled(page.text) == {
        "title": "Arceaux",
        "nom-1": "Arceau posé",
        "prix-1": "180",
        "tva-1": "20",
        "lot-1": "5",
        "nom-2": "Abri de 10 places",
        "prix-2": "14000",
        "tva-2": "20",
        "lignes": "3",
        "like": "AG-2027-001",
    }
    assert (await browser.get(f"{NEW}?modele=AG-2020-999")).status_code == 404


async def test_lines_of_costs_come_as_far_as_they_go(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await model(database, territory)
    browser = await sign_in("animation@bassin.example")
    sent = filled((await browser.get(AFTER)).text)
    # Without the shelters, and without Salles.
    sent = {name: value for name, value in sent.items() if not name.endswith("-2")}
    sent |= {"title": "Arceaux, suite", "kind": "goods", "lead_member": ARCACHON, "participation": "some"}
    made = await browser.post(NEW, {**sent, "participants": [ARCACHON, LUGOS]}, page=NEW)
    assert made.status_code == 303, text_of(made)
    async with database.transaction(territory.group_id) as session:
        purchase = (await session.execute(select(Purchase).where(col(Purchase.title) == "Arceaux, suite"))).scalar_one()
        charges = (
            await session.execute(
                select(Charge).where(col(Charge.purchase_id) == purchase.id).order_by(col(Charge.code))
            )
        ).scalars()
        assert [(charge.code, charge.key, charge.items, charge.scope) for charge in charges] == [
            ("port", "quantity", None, PARTICIPANTS),
            ("pose", {"weights": {LUGOS: "2"}}, None, [LUGOS]),
            ("remise", "amount", ["arceau-pose"], None),
        ]
        (subsidy,) = (await session.execute(select(Subsidy).where(col(Subsidy.purchase_id) == purchase.id))).scalars()
        assert (subsidy.code, subsidy.items, subsidy.charges) == ("aide", ["arceau-pose"], ["port"])
        (event,) = (await session.execute(select(Event).where(col(Event.name) == "purchase.copied"))).scalars()
        assert event.details == {"reference": "AG-2027-001", "title": "Arceaux"}
    costs = text_of(await browser.get(f"/g/bassin/achats/{purchase.reference}/couts"))
    assert "Remise −2,5 % du prix des articles comptés" in costs


async def test_who_may_not_prepare_is_not_offered_it(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await model(database, territory)
    browser = await sign_in("finances@arcachon.example")
    assert "Préparer un achat sur ce modèle" not in (await browser.get("/g/bassin/achats/AG-2027-001")).text
    assert (await browser.get(AFTER)).status_code == 403

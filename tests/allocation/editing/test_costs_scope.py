"""Who shares a charge: those who take at least one unit, unless the lead buyer wants it otherwise."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, make_purchase, open_purchase
from pooling.allocation.models import Charge
from pooling.kernel.database import Database
from pooling.purchases.schemas import ItemIn
from web_client import SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
COSTS = f"{PURCHASE}/couts"
NEW = f"{COSTS}/frais/nouveau"
EQUAL = {"label": "Livraison", "amount": "100,00", "vat_rate": "20", "key": "equal", "step": "save"}
AMONG_TAKERS = {**EQUAL, "scope": "participants"}


async def lugos_alone_takes(database: Database, territory: Territory, **options: Any) -> int:  # noqa: ANN401 - of PurchaseIn
    """Lugos files 7 racks, Salles none, the others stay silent."""
    purchase_id = await open_purchase(database, territory, NOW, **options)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=0)
    return purchase_id


async def scopes(database: Database, territory: Territory) -> list[object]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(col(Charge.scope)).order_by(col(Charge.id)))).scalars())


def shares(answer: httpx.Response) -> dict[str, str]:
    """Each member's share of the delivery, by code, from the file for programs."""
    members = answer.json()["members"]
    return {member["id"]: member["charges"]["livraison"] for member in members if member["charges"]}


def offered(answer: httpx.Response) -> list[tuple[str, bool]]:
    """The answers to « Qui partage ces frais » in their order, and which one is chosen."""
    inputs = [part.partition(">")[0] for part in answer.text.split('name="scope" value="')[1:]]
    return [(one.partition('"')[0], "checked" in one) for one in inputs]


async def test_who_takes_nothing_pays_nothing(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await lugos_alone_takes(database, territory)
    buyer = await sign_in(BUYER)
    assert offered(await buyer.get(NEW)) == [("participants", True), ("all", False), ("list", False)]
    assert (await buyer.post(NEW, AMONG_TAKERS, page=NEW)).status_code == 303
    assert await scopes(database, territory) == ["participants"]
    assert shares(await buyer.get(f"{COSTS}/repartition.json")) == {LUGOS: "100.00"}
    assert "à parts égales ceux qui prennent au moins une unité" in text_of(await buyer.get(COSTS))
    why = text_of(await buyer.get(f"{COSTS}/{LUGOS}"))
    assert "Partagé par ceux qui prennent au moins une unité (1 membre)" in why
    again = await buyer.get(f"{COSTS}/frais/livraison")
    assert offered(again) == [("participants", True), ("all", False), ("list", False)]


async def test_a_charge_of_before_is_still_shared_by_all(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await lugos_alone_takes(database, territory)
    buyer = await sign_in(BUYER)
    await buyer.post(NEW, {**EQUAL, "scope": "all"}, page=NEW)
    assert await scopes(database, territory) == [None]
    assert offered(await buyer.get(f"{COSTS}/frais/livraison"))[1] == ("all", True)
    assert set(shares(await buyer.get(f"{COSTS}/repartition.json")).values()) == {"20.00"}
    assert "Partagé par" not in text_of(await buyer.get(f"{COSTS}/{LUGOS}"))


async def test_the_choice_not_shown_begins_with_the_usual_one(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await lugos_alone_takes(database, territory)
    buyer = await sign_in(BUYER)
    asked = await buyer.post(NEW, {**EQUAL, "step": "fields"}, page=NEW)
    assert offered(asked)[0] == ("participants", True)
    assert (await buyer.post(NEW, {**EQUAL, "scope": "x"}, page=NEW)).status_code == 422
    assert (await buyer.post(NEW, EQUAL, page=NEW)).status_code == 303
    assert await scopes(database, territory) == ["participants"]


async def test_until_somebody_takes_a_unit_the_pages_say_what_they_wait_for(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    tried = await buyer.post(NEW, {**AMONG_TAKERS, "step": "preview"}, page=NEW)
    assert tried.status_code == 422
    assert '<a href="#champ-scope">Personne ne prend encore d’unité.' in tried.text
    assert "Vous pouvez déjà enregistrer" in text_of(tried)
    assert (await buyer.post(NEW, AMONG_TAKERS, page=NEW)).status_code == 303
    costs = await buyer.get(COSTS)
    assert (costs.status_code, "« Livraison » : personne ne prend encore d’unité." in text_of(costs)) == (200, True)
    another = await buyer.post(NEW, {**EQUAL, "label": "Pose", "scope": "all", "step": "preview"}, page=NEW)
    assert (another.status_code, "« Livraison » : personne ne prend encore" in text_of(another)) == (422, True)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    assert shares(await buyer.get(f"{COSTS}/repartition.json")) == {SALLES: "100.00"}


async def test_where_nothing_is_bought_all_who_take_part_share(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW, items=())
    buyer = await sign_in(BUYER)
    assert offered(await buyer.get(NEW)) == [("all", True), ("list", False)]
    refused = await buyer.post(NEW, AMONG_TAKERS, page=NEW)
    assert (refused.status_code, "Cet achat n’a pas d’article" in text_of(refused)) == (422, True)
    assert (await buyer.post(NEW, EQUAL, page=NEW)).status_code == 303
    assert await scopes(database, territory) == [None]


@pytest.mark.parametrize(
    ("key", "expected"),
    # 100 € × 11 092 ÷ (11 092 + 1 208), by hand.
    [("equal", {ARCACHON: "50.00", LUGOS: "50.00"}), ("population", {ARCACHON: "90.18", LUGOS: "9.82"})],
)
async def test_a_lead_member_with_a_surplus_shares_too(
    database: Database, territory: Territory, sign_in: SignIn, key: str, expected: dict[str, str]
) -> None:
    """It takes units, though it does not take part in the purchase otherwise."""
    rack = ItemIn(code="arceau", name="Arceau posé", unit="arceau", unit_price=Decimal(180), pack=5)
    await lugos_alone_takes(database, territory, items=(rack,), participants=(LUGOS, SALLES))
    buyer = await sign_in(BUYER)
    await buyer.post(f"{PURCHASE}/cloture", {"reason": "Tous ont répondu"}, page=PURCHASE)
    consolidation = f"{PURCHASE}/consolidation"
    frozen = await buyer.post(consolidation, {"lot-arceau": "round_up"}, page=consolidation)
    assert frozen.status_code == 303
    await buyer.post(NEW, {**AMONG_TAKERS, "key": key}, page=NEW)
    assert shares(await buyer.get(f"{COSTS}/repartition.json")) == expected

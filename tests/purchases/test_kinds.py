"""What differs from one kind of purchase to another, on its pages and in what may be done with it."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from factories import ARCACHON, BUYER, NOW, Territory, make_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.entrance import caller_of
from pooling.needs.acts import OPEN, Deadline
from pooling.needs.collection import open_collection
from pooling.purchases.kinds import KINDS
from pooling.purchases.models import Purchase, PurchaseKind, PurchaseState
from web_client import Browser, SignIn, text_of

HOME = "/g/bassin"
LIST = f"{HOME}/achats"
PURCHASE = f"{LIST}/AG-2027-001"
TERMS = {"lead_member": ARCACHON, "participation": "all"}
ITEM = {"nom-1": "Arceau", "unite-1": "arceau", "prix-1": "180", "tva-1": "20"}


def test_every_kind_is_here_and_its_frise_is_a_way_through_the_states() -> None:
    assert set(KINDS) == set(PurchaseKind)
    collecting = {PurchaseState.OPEN, PurchaseState.CLOSED}
    for name, kind in KINDS.items():
        stations = [state for _, state in kind.steps]
        assert kind.name == name
        assert stations == [state for state in PurchaseState if state in stations], "in the order of a purchase's life"
        assert {PurchaseState.DRAFT, PurchaseState.SETTLED} <= set(stations)
        assert collecting & set(stations) == (collecting if kind.collects else set())


async def service(database: Database, territory: Territory) -> int:
    return await make_purchase(database, territory, NOW, title="Covoiturage", kind="service", items=())


async def kind_stored(database: Database, territory: Territory) -> str:
    async with database.transaction(territory.group_id) as session:
        purchase: Purchase = (await session.execute(select(Purchase))).scalar_one()
        return purchase.kind


async def test_a_service_asks_nothing_of_its_members(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await service(database, territory)
    buyer = await sign_in(BUYER)
    page = text_of(await buyer.get(PURCHASE))
    assert "les membres partagent des frais communs" in page
    assert "Mise en service" in page
    assert not any(word in page for word in ("Consolidation", "Besoins", "Déclarations", "Modifier les articles"))
    home = text_of(await buyer.get(f"{HOME}/"))
    assert "Vérifier la répartition des frais communs" in home
    assert "Ouvrir la collecte" not in home
    assert (await buyer.get(f"{PURCHASE}/couts")).status_code == 200


async def test_goods_without_an_item_yet_are_no_service(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW, items=())
    buyer = await sign_in(BUYER)
    page = text_of(await buyer.get(PURCHASE))
    assert "Cet achat n’a pas encore d’article." in page.replace("\u00a0", " ")
    assert "Besoins" in page
    home = await buyer.get(f"{HOME}/")
    assert "Ajouter les articles" in text_of(home)
    assert f"{PURCHASE}/articles" in home.text


async def test_a_service_is_never_opened(database: Database, territory: Territory) -> None:
    purchase_id = await service(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        with pytest.raises(Conflict, match="rien à déclarer"):
            await open_collection(session, buyer, purchase_id, NOW.replace(month=4), FixedClock(NOW))


@pytest.mark.parametrize("kind", ["service", "goods"])
async def test_a_committee_that_wants_to_open_a_service_is_told(
    database: Database, territory: Territory, kind: str
) -> None:
    purchase_id = await make_purchase(database, territory, NOW, kind=kind, items=())
    terms = Deadline(closes_on=date(2027, 3, 30))
    async with database.transaction(territory.group_id) as session:
        doubts = await OPEN.doubts(session, purchase_id, terms, ZoneInfo("Europe/Paris"), NOW)
    assert any("ne pourra pas être appliquée" in doubt for doubt in doubts) is (kind == "service")


async def prepared(browser: Browser, **typed: str) -> tuple[int, str]:
    answer = await browser.post(f"{LIST}/nouveau", {**TERMS, **typed}, page=f"{LIST}/nouveau")
    return answer.status_code, text_of(answer)


async def test_the_kind_is_chosen_and_what_does_not_go_with_it_is_told(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    facilitator = await sign_in("animation@bassin.example")
    status, said = await prepared(facilitator, title="Covoiturage", kind="service", **ITEM)
    assert status == 422
    assert "Un service à frais partagés n’a pas d’article" in said
    status, said = await prepared(facilitator, title="Covoiturage", kind="loan")
    assert status == 422
    assert "Choisissez ce qui est acheté." in said
    assert (await prepared(facilitator, title="Covoiturage", kind="service"))[0] == 303
    assert await kind_stored(database, territory) == "service"


async def test_the_kind_is_corrected_as_long_as_no_item_stands_against_it(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    page = f"{PURCHASE}/modification"
    values = {**TERMS, "title": "Arceaux", "kind": "service"}
    refused = await buyer.post(page, values, page=page)
    assert refused.status_code == 422
    assert "Cet achat a des articles" in text_of(refused)
    assert await kind_stored(database, territory) == "goods"
    assert (await buyer.post(f"{PURCHASE}/articles", {}, page=f"{PURCHASE}/articles")).status_code == 303
    assert (await buyer.post(page, values, page=page)).status_code == 303
    assert await kind_stored(database, territory) == "service"
    assert "ce qui est acheté" in text_of(await buyer.get(f"{PURCHASE}/journal"))
    again = await buyer.post(f"{PURCHASE}/articles", ITEM, page=f"{PURCHASE}/articles")
    assert again.status_code == 422
    assert "Un service à frais partagés n’a pas d’article" in text_of(again)

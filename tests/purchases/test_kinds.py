"""What differs from one kind of purchase to another, on its pages and in what may be done with it."""

import re

from litestar import Litestar
from sqlalchemy import select

from api_client import Connect
from factories import ARCACHON, BUYER, NOW, Territory, make_purchase
from pooling.kernel.database import Database
from pooling.purchases.kinds import KINDS
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseKind, PurchaseState
from pooling.purchases.rules import PURCHASE as LIFE
from routes import routes_of
from web_client import Browser, SignIn, features_in, text_of

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
        assert collecting & set(stations) == (collecting if kind.asking else set())
        assert kind.has(Part.COLLECTION) is (kind.asking is not None)
        by_hand = [step.state for step in kind.by_hand]
        assert by_hand == [state for state in stations[1:] if state not in collecting], "no station is left to nobody"
        assert all(LIFE.may(state, after) for state, reached in kind.life.transitions.items() for after in reached)


async def service(database: Database, territory: Territory) -> int:
    return await make_purchase(database, territory, NOW, title="Covoiturage", kind="service", items=())


async def kind_stored(database: Database, territory: Territory) -> str:
    async with database.transaction(territory.group_id) as session:
        purchase: Purchase = (await session.execute(select(Purchase))).scalar_one()
        return purchase.kind


async def test_a_service_has_words_tabs_and_tasks_of_its_own(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await service(database, territory)
    buyer = await sign_in(BUYER)
    page = text_of(await buyer.get(PURCHASE))
    assert "ceux qui participent partagent des frais communs" in page
    assert "Mise en service" in page
    assert not any(word in page for word in ("Consolidation", "Besoins", "Déclarations", "Modifier les articles"))
    assert "Ouvrir la collecte des participations" in text_of(await buyer.get(f"{HOME}/"))
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


async def prepared(browser: Browser, **typed: str) -> tuple[int, str]:
    answer = await browser.post(f"{LIST}/nouveau", {**TERMS, **typed}, page=f"{LIST}/nouveau")
    return answer.status_code, text_of(answer)


async def test_the_kind_is_chosen_and_what_does_not_go_with_it_is_told(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    facilitator = await sign_in("animation@bassin.example")
    status, said = await prepared(facilitator, title="Covoiturage", kind="service", **ITEM)
    assert status == 422
    assert "Ce qui est acheté ainsi n’a pas d’article" in said
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
    assert again.status_code == 404
    assert "Un service à frais partagés n’a pas d’articles" in text_of(again)


OF_EVERY_KIND = {
    *("modification", "suppression", "acheteurs", "annulation", "etape", "journal", "action", "avis"),
    *("deletion", "cancellation", "step"),
}


def test_every_address_below_a_purchase_is_of_a_part_or_of_every_kind(app: Litestar) -> None:
    below = {
        re.split(r"[/.]", template.partition("/{reference}/")[2])[0]
        for template in (route.template for route in routes_of(app))
        if re.search(r"/(achats|purchases)/\{reference\}/", template)
    }
    parts = features_in(app).purchase_parts
    assert below == set(parts) | OF_EVERY_KIND
    assert not set(parts) & OF_EVERY_KIND
    assert set(parts.values()) == set(Part), "no part without an address"
    facts = {fact.name for kind in KINDS.values() for step in kind.by_hand for fact in step.facts}
    assert facts == set(features_in(app).purchase_facts)


async def test_programs_are_refused_what_a_kind_has_not(
    database: Database, territory: Territory, connect: Connect
) -> None:
    await service(database, territory)
    await make_purchase(database, territory, NOW)
    program = await connect(BUYER)
    base = "/api/v1/groups/bassin/purchases"
    for path in ("AG-2027-001/consolidation", "AG-2027-001/declarations", "AG-2027-002/answers"):
        refused = await program.get(f"{base}/{path}")
        assert refused.status_code == 404
        assert " n’a pas " in refused.json()["title"]

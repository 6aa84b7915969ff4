"""Making orders: one for each supplier, or for each supplier and member; again without doubling; two people at once."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from api_client import Connect
from factories import BUYER, LUGOS, SALLES, Territory
from ordering import CLOCK, CYCLES, LATER, MOBILIER, buyer_of, consolidated, drawn, ordered, with_sites
from pooling.deliveries.splitting import keep_split
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.orders.making import make_orders
from pooling.orders.naming import name_suppliers
from pooling.orders.rules import totals_of
from pooling.purchases.finding import item_ids
from pooling.sharing.places import over_places
from web_client import SignIn, text_of

FIRST, SECOND = "AG-2027-001-1", "AG-2027-001-2"
LIST = "/g/bassin/achats/AG-2027-001/commandes"


async def test_one_order_for_each_supplier_where_the_lead_buys(database: Database, territory: Territory) -> None:
    await ordered(database, territory, mandate="full")
    assert await drawn(database, territory) == [
        (FIRST, "arceau", LUGOS, None, 10),
        (FIRST, "arceau", SALLES, None, 5),
        (SECOND, "abri", LUGOS, None, 1),
    ]
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT o.number, o.member_id, i.name, i.unit_price, i.vat_rate, v.number FROM orders o "
                 "JOIN order_items i ON i.order_id = o.id JOIN order_versions v ON v.order_id = o.id ORDER BY 1")
        )  # fmt: skip
        assert [tuple(row) for row in rows] == [
            (1, None, "Arceau posé", 180, 20, 1),
            (2, None, "Abri de 10 places", 14000, 20, 1),
        ]


@pytest.mark.parametrize("mandate", ["procedure_only", "sign_and_notify"])
async def test_one_for_each_member_where_each_executes(database: Database, territory: Territory, mandate: str) -> None:
    await ordered(database, territory, mandate=mandate)
    assert await drawn(database, territory) == [
        (FIRST, "arceau", LUGOS, None, 10),
        (SECOND, "arceau", SALLES, None, 5),
        ("AG-2027-001-3", "abri", LUGOS, None, 1),
    ]
    async with database.transaction(territory.group_id) as session:
        buyers = list((await session.execute(text("SELECT member_id FROM orders ORDER BY number"))).scalars())
    assert buyers == [territory.members[code] for code in (LUGOS, SALLES, LUGOS)]


async def test_made_again_drafts_follow_and_what_has_left_stays(database: Database, territory: Territory) -> None:
    purchase_id = await ordered(database, territory)
    first = await drawn(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        assert await make_orders(session, buyer, purchase_id, CLOCK) == 2
    assert await drawn(database, territory) == first
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        both = (
            await session.execute(text("SELECT id FROM suppliers WHERE name = :name"), {"name": CYCLES.name})
        ).scalar_one()
        await name_suppliers(session, buyer, purchase_id, {"abri": both}, LATER)
        assert await make_orders(session, buyer, purchase_id, CLOCK) == 1
    assert [line[:2] for line in await drawn(database, territory)] == [
        (FIRST, "abri"), (FIRST, "arceau"), (FIRST, "arceau"),
    ]  # fmt: skip
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE orders SET state = 'sent', sent_at = now()"))
        assert await make_orders(session, await buyer_of(session, territory), purchase_id, CLOCK) == 0
        with pytest.raises(Conflict, match="Abri de 10 places"):
            await name_suppliers(session, await buyer_of(session, territory), purchase_id, {"abri": both + 1}, LATER)
        await session.execute(text("UPDATE orders SET state = 'cancelled', cancelled_at = now()"))
        assert await make_orders(session, await buyer_of(session, territory), purchase_id, CLOCK) == 1
    assert {line[0] for line in await drawn(database, territory)} == {FIRST, SECOND}


async def test_nothing_is_made_without_suppliers_and_a_consolidation(database: Database, territory: Territory) -> None:
    purchase_id, suppliers = await consolidated(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        with pytest.raises(Conflict, match="Arceau posé, Abri de 10 places") as refused:
            await make_orders(session, buyer, purchase_id, CLOCK)
        assert refused.value.code == "not_awarded"
        for named in ({"arceau": 10**9}, {"inconnu": suppliers[CYCLES.name]}):
            with pytest.raises(Invalid):
                await name_suppliers(session, buyer, purchase_id, named, LATER)
        await session.execute(text("UPDATE collections SET closed_at = now() + interval '9 years'"))
        with pytest.raises(Conflict) as refused:
            await make_orders(session, buyer, purchase_id, CLOCK)
        assert refused.value.code == "not_consolidated"


async def test_a_supplier_without_quote_has_its_history(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id, suppliers = await consolidated(database, territory)
    page = f"/g/bassin/fournisseurs/{suppliers[CYCLES.name]}"
    browser = await sign_in(BUYER)
    assert "Attribué sans devis" not in text_of(await browser.get(page))
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        cycles = suppliers[CYCLES.name]
        await name_suppliers(session, buyer, purchase_id, {"arceau": cycles, "abri": cycles}, LATER)
        await make_orders(session, buyer, purchase_id, CLOCK)
    assert "Attribué sans devis, pas encore commandé" in text_of(await browser.get(page))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE orders SET state = 'sent', sent_at = now()"))
    shown = text_of(await browser.get(page))
    assert ("Attribué sans devis" in shown, "15 arceaux" in shown) == (False, True)


async def test_two_people_at_once_make_one_set(fresh_database: Database, territory: Territory) -> None:
    purchase_id, suppliers = await consolidated(fresh_database, territory)
    async with fresh_database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        named = {"arceau": suppliers[CYCLES.name], "abri": suppliers[MOBILIER.name]}
        await name_suppliers(session, buyer, purchase_id, named, LATER)

    async def make() -> int:
        async with fresh_database.transaction(territory.group_id) as session:
            return await make_orders(session, await buyer_of(session, territory), purchase_id, CLOCK)

    assert list(await asyncio.gather(make(), make(), make())) == [2, 2, 2]
    assert len(await drawn(fresh_database, territory)) == 3


async def test_a_members_units_go_where_its_sites_get_them(database: Database, territory: Territory) -> None:
    """As the page of deliveries says: by largest remainder over what was wished; the rest to the main site."""
    sites = await with_sites(database, territory, LUGOS, "Mairie", "École", "Gare")
    purchase_id, suppliers = await consolidated(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        everything = dict.fromkeys(("arceau", "abri"), suppliers[CYCLES.name])
        await name_suppliers(session, buyer, purchase_id, everything, LATER)
        referent = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        member = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        items = await item_ids(session, purchase_id)
        exactly = [(items["arceau"], {sites[1]: 4, sites[2]: 6})]
        await keep_split(session, referent, purchase_id, member, exactly, LATER)
        await make_orders(session, buyer, purchase_id, CLOCK)
    assert [line[1:] for line in await drawn(database, territory)] == [
        ("abri", LUGOS, "Mairie", 1),
        ("arceau", LUGOS, "École", 4),
        ("arceau", LUGOS, "Gare", 6),
        ("arceau", SALLES, None, 5),
    ]
    for wishes in ([1, 1, 1], [1, 2, 2], [5, 0, 1], [3, 3, 1], [7, 5, 3], [0, 2, 2], [0, 0, 0]):
        await _compare(database, territory, purchase_id, sites, wishes)


async def _compare(
    database: Database, territory: Territory, purchase_id: int, sites: list[int], wishes: list[int]
) -> None:
    """With what pages work out: ten units of one item, one of the other."""
    wished = {site: wish for site, wish in zip(sites, wishes, strict=True) if wish}
    async with database.transaction(territory.group_id) as session:
        whose: dict[str, Any] = {"member": territory.members[LUGOS]}
        await session.execute(text("DELETE FROM site_splits"))
        for site, wish in wished.items():
            await session.execute(
                text("INSERT INTO site_splits (group_id, item_id, member_id, site_id, quantity) "
                     "SELECT group_id, id, :member, :site, :wish FROM items"),
                {**whose, "site": site, "wish": wish},
            )  # fmt: skip
        await make_orders(session, await buyer_of(session, territory), purchase_id, CLOCK)
        for code, units in (("arceau", 10), ("abri", 1)):
            rows = await session.execute(
                text("SELECT l.site_id, l.quantity FROM order_lines l JOIN items i ON i.id = l.item_id "
                     "WHERE i.code = :code AND l.member_id = :member"), {**whose, "code": code},
            )  # fmt: skip
            assert {site: placed for site, placed in rows} == over_places(units, wished, sites[0]), (units, wishes)


async def test_the_pages_from_naming_to_the_order(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    _, suppliers = await consolidated(database, territory)
    browser = await sign_in(BUYER)
    assert "Nommer les fournisseurs" in text_of(await browser.get(LIST))
    naming = f"{LIST}/fournisseurs"
    wrong = await browser.post(naming, {"article-arceau": "x", "reason": "Le moins cher"}, page=naming)
    assert wrong.status_code == 422
    assert "Le moins cher" in wrong.text
    named = {"tous": suppliers[CYCLES.name], "article-abri": suppliers[MOBILIER.name], "reason": "Le moins cher"}
    assert (await browser.post(naming, named, page=naming)).status_code == 303
    assert (await browser.post(LIST, {}, page=LIST)).status_code == 303
    shown = text_of(await browser.get(LIST))
    assert FIRST in shown
    assert SECOND not in shown, "one supplier for all"
    assert "16 700,00 €" in shown.replace("\u202f", " ").replace("\xa0", " ")
    one = text_of(await browser.get(f"{LIST}/1"))
    assert "Lugos" in one
    referent = await sign_in("referent@salles.example")
    mine = text_of(await referent.get(f"{LIST}/1"))
    assert "Salles" in mine
    assert "Lugos" not in mine, "each sees its own lines"
    assert (await (await sign_in("referent@arcachon.example")).get(f"{LIST}/1")).status_code == 404
    # What is ordered here is not recorded by hand as well.
    program = await connect(BUYER)
    refused = await program.post("/api/v1/groups/bassin/purchases/AG-2027-001/step", {"state": "ordered"})
    assert refused.status_code == 409
    assert "bons de commande" in refused.json()["title"]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.decimals(0, 1000, places=4), st.sampled_from([5, 10, 20]), st.integers(0, 1000))))
def test_vat_is_rounded_once_for_each_rate(items: list[tuple[Any, int, int]]) -> None:
    totals = totals_of((price, Decimal(rate), units) for price, rate, units in items)
    assert totals.ht == sum(totals.by_rate.values())
    for rate, ht in totals.by_rate.items():
        assert abs(totals.vat_at(rate) * 100 - ht * rate) <= 50

"""Choosing between quotes: prices, packs, tiers and deliveries follow, the consolidation is shown anew, a committee may
decide it.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, NOW, Territory
from pooling.allocation.case import charges_of
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import Event
from pooling.members.acts import Order
from pooling.members.groups import group_zone
from pooling.needs.advancing import advance_purchase
from pooling.needs.consolidating import latest_consolidation
from pooling.needs.freezing import freeze_consolidation
from pooling.purchases.models import PurchaseState
from pooling.purchases.queries import purchase_items
from pooling.quotes.acts import AWARD, Taken
from pooling.quotes.awarding import award, awards_of
from pooling.quotes.keeping import change_quote, remove_quote
from pooling.quotes.schemas import QuoteIn
from quotes.world import (
    FACILITATOR,
    HOME,
    PURCHASE,
    QUOTES,
    REFERENT,
    add_suppliers,
    buyer_of,
    closed_purchase,
    line,
    note,
)
from web_client import SignIn, insisting, text_of

LATER = NOW + timedelta(hours=1)
TIERED = line(
    "arceau", "150", pack=10, tiers=({"from_quantity": 20, "unit_price": Decimal(145)},), minimum_cents=150_000
)


async def offered(database: Database, territory: Territory) -> tuple[int, int, int]:
    """20 racks and a shelter are needed; Cycles offers both with a delivery, Mobilier racks alone."""
    purchase_id = await closed_purchase(database, territory)
    cycles, mobilier = await add_suppliers(database, territory)
    one = await note(database, territory, purchase_id, cycles, TIERED, line("abri", "13000"), delivery_cents=10_000)
    other = await note(database, territory, purchase_id, mobilier, line("arceau", "140.5", pack=5))
    return purchase_id, one, other


async def chosen(session: AsyncSession, territory: Territory, purchase_id: int, **choice: int) -> bool:
    buyer = await buyer_of(session, territory)
    return await award(session, buyer, purchase_id, choice, FixedClock(LATER), reason="Le moins cher")


async def test_all_to_one_sets_prices_packs_tiers_and_the_delivery(database: Database, territory: Territory) -> None:
    purchase_id, one, _ = await offered(database, territory)
    async with database.transaction(territory.group_id) as session:
        assert await chosen(session, territory, purchase_id, arceau=one, abri=one), "to be frozen"
        rack, shelter = await purchase_items(session, purchase_id)
        assert (rack.unit_price, rack.pack, rack.tiers) == (Decimal(150), 10, ((20, Decimal(145)),))
        assert (rack.minimum, shelter.unit_price) == (10, Decimal(13000)), "10 racks come to 1 500 €"
        (charge,) = await charges_of(session, purchase_id)
        assert (charge.label, charge.amount_cents) == ("Livraison (Cycles de l’exemple)", 10_000)
        assert (charge.key, charge.scope, charge.items) == ("amount", "participants", ["arceau", "abri"])
        awards = await awards_of(session, purchase_id)
        assert {(each.code, each.supplier, each.quote_id) for each in awards} == {
            ("arceau", "Cycles de l’exemple", one), ("abri", "Cycles de l’exemple", one),
        }  # fmt: skip
        told = await session.execute(select(Event).where(col(Event.name) == "award.chosen"))
        (event,) = told.scalars()
        assert event.reason == "Le moins cher"
        assert event.details["changed"]["Abri de 10 places"] == [None, "Cycles de l’exemple, 13\u202f000,00\u00a0€"]


async def test_choosing_again_line_by_line_moves_what_came_of_the_first_choice(
    database: Database, territory: Territory
) -> None:
    purchase_id, one, other = await offered(database, territory)
    async with database.transaction(territory.group_id) as session:
        await chosen(session, territory, purchase_id, arceau=one, abri=one)
        await chosen(session, territory, purchase_id, arceau=other, abri=one)
        (charge,) = await charges_of(session, purchase_id)
        assert charge.items == ["abri"], "what comes with it"
        await chosen(session, territory, purchase_id, arceau=other)
        assert await charges_of(session, purchase_id) == []
        assert [(each.code, each.quote_id) for each in await awards_of(session, purchase_id)] == [("arceau", other)]
        buyer = await buyer_of(session, territory)
        with pytest.raises(Conflict, match="attribués par ce devis"):
            await remove_quote(session, buyer, purchase_id, other, LATER)
        with pytest.raises(Conflict, match="attribués par ce devis"):
            await change_quote(session, buyer, purchase_id, other, QuoteIn(lines=(line("arceau", "1"),)), LATER)
        await remove_quote(session, buyer, purchase_id, one, LATER)


async def test_a_frozen_consolidation_counts_no_more_where_packs_change(
    database: Database, territory: Territory
) -> None:
    """A price alone changes nothing of what is ordered; other packs do, and the order waits for another freezing."""
    purchase_id, one, other = await offered(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        await freeze_consolidation(session, buyer, purchase_id, FixedClock(NOW), options={})
        assert not await chosen(session, territory, purchase_id, arceau=other), "sold by 5 as before"
        assert await chosen(session, territory, purchase_id, arceau=one, abri=one)
        frozen = await latest_consolidation(session, purchase_id)
        assert frozen is not None
        assert frozen.outdated == "La consolidation n° 1 date d’avant le choix des devis : elle ne compte plus."
        with pytest.raises(Conflict):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(LATER))
        after = FixedClock(LATER + timedelta(minutes=1))
        await freeze_consolidation(session, buyer, purchase_id, after, options={}, reason="Devis retenus")
        again = await latest_consolidation(session, purchase_id)
        assert again is not None
        assert (again.number, again.counts) == (2, True)


@pytest.mark.parametrize(
    ("choice", "reason", "fields"),
    [
        ({}, "Le moins cher", {"items"}),
        ({"velo": "one"}, "Le moins cher", {"items.velo"}),
        ({"abri": "other"}, "Le moins cher", {"items.abri"}),
        ({"abri": "one"}, "", {"reason"}),
    ],
)
async def test_what_cannot_be_chosen(
    database: Database, territory: Territory, choice: dict[str, str], reason: str, fields: set[str]
) -> None:
    purchase_id, one, other = await offered(database, territory)
    quotes = {"one": one, "other": other}
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        wanted = {code: quotes[which] for code, which in choice.items()}
        with pytest.raises(Invalid) as refused:
            await award(session, buyer, purchase_id, wanted, FixedClock(LATER), reason=reason)
        assert set(refused.value.errors) == fields


async def test_the_page_shows_what_comes_of_it_first(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id, one, other = await offered(database, territory)
    async with database.transaction(territory.group_id) as session:
        items = {item.code: item.id for item in await purchase_items(session, purchase_id)}
    browser, page = await sign_in(BUYER), f"{QUOTES}/attribution"
    first = text_of(await browser.get(page))
    assert ["Ce qui en vient" in first, "Rien n’est choisi" in first] == [False, False], "nothing was looked at yet"
    shown = text_of(await browser.get(f"{page}?facon=tout&devis={other}"))
    assert "Ne sont attribués à personne : Abri de 10 places" in shown
    looked = f"{page}?facon=articles&article-{items['arceau']}={other}&article-{items['abri']}={one}"
    shown = text_of(await browser.get(looked))
    for said in (
        "Mobilier de l’exemple 180,00 € ; vendu par 5 140,50 € ; vendu par 5 20 arceaux 2 810,00 €",
        "Total, livraison comprise 15 910,00 € HT, 19 092,00 € TTC",
        "Livraison (Cycles de l’exemple), 100,00 € HT",
        "Les quantités commandées ne changent pas",
    ):
        assert said in shown, said
    choice = {f"article-{items['arceau']}": other}
    silent = await browser.post(page, choice, page=looked)
    assert (silent.status_code, "Dites pourquoi" in text_of(silent)) == (422, True)
    doubted = await browser.post(page, {**choice, "reason": "Le moins cher"}, page=looked)
    assert "ne serait pas commandé : Abri de 10 places" in text_of(doubted)
    insisted = {**choice, "reason": "Le moins cher", **insisting(doubted)}
    done = await browser.post(page, insisted, page=looked)
    assert done.headers["location"] == f"{PURCHASE}/consolidation", text_of(done)
    shown = text_of(await browser.get(QUOTES))
    assert "Arceau posé Mobilier de l’exemple 01/03/2027 Le moins cher" in shown


async def test_a_quote_that_is_over_is_insisted_on(database: Database, territory: Territory, connect: Connect) -> None:
    purchase_id = await closed_purchase(database, territory)
    cycles, _ = await add_suppliers(database, territory)
    both = (line("arceau", "150"), line("abri", "13000"))
    one = await note(database, territory, purchase_id, cycles, *both, valid_until=date(2027, 2, 1))
    program, awards = await connect(BUYER), f"{API}/purchases/AG-2027-001/awards"
    sent = {"items": {"arceau": one, "abri": one}, "reason": "Seul à répondre"}
    assert problem(await program.put(awards, sent)) == (422, "doubtful")
    done = await program.put(awards, {**sent, "confirmed": "Maintenu par courriel"})
    assert [each["quote_id"] for each in done.json()["awards"]] == [one, one]
    assert (await program.get(awards)).json() == done.json()


async def test_a_committee_may_take_quotes(database: Database, territory: Territory) -> None:
    purchase_id, one, other = await offered(database, territory)
    async with database.transaction(territory.group_id) as session:
        terms = AWARD.read({"items": {"arceau": other, "abri": one}})
        assert await AWARD.in_words(session, [(purchase_id, terms)]) == [
            "Retenir des devis : Arceau posé chez Mobilier de l’exemple ; Abri de 10 places chez Cycles de l’exemple"
        ]
        zone = await group_zone(session)
        assert await AWARD.doubts(session, purchase_id, terms, zone, NOW) == []
        gone = Taken(items={"arceau": 10**9})
        assert any("n’est plus là" in said for said in await AWARD.doubts(session, purchase_id, gone, zone, NOW))
        buyer = await buyer_of(session, territory)
        await AWARD.carry_out(Order(session, buyer, purchase_id, terms, "Décision n° 3", zone, FixedClock(LATER)))
        assert {each.reason for each in await awards_of(session, purchase_id)} == {"Décision n° 3"}
        with pytest.raises(Invalid):
            AWARD.read({"items": {}})


async def test_a_suppliers_page_says_what_it_offered_and_what_was_bought(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """The facilitator sees every quote, everybody what was bought."""
    purchase_id, one, other = await offered(database, territory)
    async with database.transaction(territory.group_id) as session:
        await chosen(session, territory, purchase_id, arceau=other, abri=one)
        suppliers = {each.quote_id: each.supplier_id for each in await awards_of(session, purchase_id)}
    page = f"{HOME}/fournisseurs/{suppliers[one]}"
    for email, seen in ((FACILITATOR, True), (BUYER, True), (REFERENT, False)):
        shown = text_of(await (await sign_in(email)).get(page))
        assert "Abri de 10 places 13 000,00 € 01/03/2027 oui" in shown, email
        assert ("Arceau posé 150,00 € 01/03/2027 non" in shown) == seen, email

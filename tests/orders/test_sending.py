"""Orders leave: once, when what is lacking is there; the purchase is ordered with the last one."""

import pytest
from sqlalchemy import text

from factories import BUYER, LUGOS, Territory
from ordering import CLOCK, LATER, buyer_of, ordered, with_sites
from pooling.deliveries.splitting import keep_split
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Forbidden
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.orders.making import make_orders
from pooling.orders.sending import say_sent
from pooling.purchases.finding import item_ids
from web_client import SignIn, text_of

LIST = "/g/bassin/achats/AG-2027-001/commandes"
HOW = {"way": "otherwise", "how": "Par courrier"}


async def test_the_purchase_is_ordered_once_all_have_left(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await ordered(database, territory)
    browser = await sign_in(BUYER)
    unsaid = await browser.post(f"{LIST}/1/envoi", {"way": "otherwise"}, page=f"{LIST}/1/envoi")
    assert unsaid.status_code == 422
    for number, state in ((1, "Collecte close"), (2, "Commandé")):
        sent = await browser.post(f"{LIST}/{number}/envoi", HOW, page=f"{LIST}/{number}/envoi")
        assert sent.status_code == 303
        assert state in text_of(await browser.get(LIST))
    again = await browser.post(f"{LIST}/1/envoi", HOW)
    assert again.status_code == 303
    assert "déjà parti" in text_of(await browser.get(LIST))
    assert (await browser.get(f"{LIST}/1/envoi")).status_code == 409
    async with database.transaction(territory.group_id) as session:
        events = await session.execute(
            text(
                "SELECT name, count(*) FROM events WHERE name IN ('order.sent', 'purchase.ordered') "
                "GROUP BY 1 ORDER BY 1"
            )
        )
        assert [tuple(row) for row in events] == [("order.sent", 2), ("purchase.ordered", 1)]
        told = await session.execute(text("SELECT count(*) FROM messages WHERE subject LIKE 'Commande passée%'"))
        assert told.scalar_one() > 0


async def test_under_a_mandate_who_has_not_deliberated_is_named(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await ordered(database, territory, mandate="full")
    browser = await sign_in(BUYER)
    assert "À noter" in text_of(await browser.get(f"{LIST}/envoi"))
    refused = await browser.post(f"{LIST}/envoi", HOW, page=f"{LIST}/envoi")
    assert refused.status_code == 422
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("INSERT INTO procurement_shares (group_id, purchase_id, member_id, deliberated_on, deliberation) "
                 "SELECT p.group_id, p.purchase_id, p.member_id, '2027-02-01', '' FROM participations p")
        )  # fmt: skip
    assert (await browser.post(f"{LIST}/envoi", HOW, page=f"{LIST}/envoi")).status_code == 303
    assert "2 commandes sont parties" in text_of(await browser.get(LIST))


async def test_drafts_that_say_something_else_do_not_leave(database: Database, territory: Territory) -> None:
    sites = await with_sites(database, territory, LUGOS, "Mairie", "École")
    purchase_id = await ordered(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        referent = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        member = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        items = await item_ids(session, purchase_id)
        halves = [(items["arceau"], dict.fromkeys(sites, 5))]
        await keep_split(session, referent, purchase_id, member, halves, LATER)
        with pytest.raises(Conflict) as refused:
            await say_sent(session, buyer, purchase_id, CLOCK, how="Par courrier")
        assert refused.value.code == "drafts_outdated"
        await make_orders(session, buyer, purchase_id, CLOCK)
        await session.execute(text("UPDATE items SET unit_price = 179 WHERE code = 'arceau'"))
        with pytest.raises(Conflict):
            await say_sent(session, buyer, purchase_id, CLOCK, how="Par courrier")
        await make_orders(session, buyer, purchase_id, CLOCK)
        with pytest.raises(Forbidden):
            await say_sent(session, referent, purchase_id, CLOCK, how="Par courrier")
        assert await say_sent(session, buyer, purchase_id, CLOCK, how="Par courrier") == 2
        assert await say_sent(session, buyer, purchase_id, CLOCK, how="Par courrier") == 0

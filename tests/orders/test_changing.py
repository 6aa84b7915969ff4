"""An order that has left: confirmed, amended by versions, cancelled; what stands against it comes from elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import BUYER, LUGOS, SALLES, Territory
from ordering import CLOCK, LATER, buyer_of, drawn, ordered, with_sites
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.features import Feature, Features, features_for
from pooling.orders.changing import AmendmentIn, ConfirmationIn, amend_order, cancel_order, confirm_order
from pooling.orders.making import make_orders
from pooling.orders.reading import items_ordered, totals_of_orders
from pooling.orders.sending import say_sent
from web_client import SignIn, text_of

LIST = "/g/bassin/achats/AG-2027-001/commandes"
ONE = f"{LIST}/1"


async def sent(database: Database, territory: Territory, **options: Any) -> int:  # noqa: ANN401 - as in `ordered`
    purchase_id = await ordered(database, territory, **options)
    async with database.transaction(territory.group_id) as session:
        await say_sent(session, await buyer_of(session, territory), purchase_id, CLOCK, how="Par courrier")
    return purchase_id


async def first(session: AsyncSession) -> int:
    return int((await session.execute(text("SELECT id FROM orders WHERE number = 1"))).scalar_one())


async def test_from_the_confirmation_to_the_second_version(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    clock.instant = LATER
    sites = await with_sites(database, territory, LUGOS, "Mairie", "École")
    await sent(database, territory)
    browser = await sign_in(BUYER)
    said = {"promised_on": "2027-06-01", "supplier_reference": "C-4711"}
    early = await browser.post(f"{ONE}/confirmation", {**said, "confirmed_on": "2027-01-01"}, page=ONE)
    assert early.status_code == 422
    assert "C-4711" in early.text
    form = await browser.get(f"{ONE}/confirmation")
    version = form.text.partition('name="version" value="')[2].partition('"')[0]
    confirmed = {**said, "confirmed_on": LATER.date().isoformat(), "version": version}
    assert (await browser.post(f"{ONE}/confirmation", confirmed, page=ONE)).status_code == 303
    again = await browser.post(f"{ONE}/confirmation", confirmed, page=ONE)
    assert again.status_code == 422, text_of(again)
    shown = text_of(await browser.get(ONE))
    assert "Confirmée" in shown
    assert "C-4711" in shown
    async with database.transaction(territory.group_id) as session:
        line = (
            await session.execute(
                text("SELECT item_id, member_id, site_id FROM order_lines WHERE member_id = :member AND quantity = 10"),
                {"member": territory.members[LUGOS]},
            )
        ).one()
    form = await browser.get(f"{ONE}/modification")
    version = form.text.partition('name="version" value="')[2].partition('"')[0]
    amended = {
        f"unites-{line.item_id}-{line.member_id}-{sites[0]}": "6",
        f"unites-{line.item_id}-{line.member_id}-{sites[1]}": "3",
        f"prix-{line.item_id}": "175,5",
        "version": version,
    }
    silent = await browser.post(f"{ONE}/modification", amended, page=ONE)
    assert silent.status_code == 422
    assert "175,5" in silent.text
    assert (
        await browser.post(f"{ONE}/modification", {**amended, "reason": "Un de moins"}, page=ONE)
    ).status_code == 303
    shown = text_of(await browser.get(ONE)).replace("\xa0", " ")
    for what in (
        "6 au lieu de 10",
        "3 au lieu de 0",
        "175,50 € HT au lieu de 180,00 €",
        "Un de moins",
        "pas encore envoyée",
    ):
        assert what in shown, what
    assert (await browser.post(f"{ONE}/envoi", {"way": "mail"}, page=f"{ONE}/envoi")).status_code == 303
    shown = text_of(await browser.get(ONE))
    assert "Envoyée" in shown, "the second version is to be confirmed again"
    async with database.transaction(territory.group_id) as session:
        assert [one[1:] for one in await drawn(database, territory) if one[0].endswith("-1")] == [
            ("arceau", LUGOS, "Mairie", 6),
            ("arceau", LUGOS, "École", 3),
            ("arceau", SALLES, None, 5),
        ]
        order_id = await first(session)
        totals = (await totals_of_orders(session, [order_id]))[order_id]
        assert (totals.ht, totals.vat) == (14 * 17_550, 49_140)
        assert [one.units for one in await items_ordered(session, order_id)] == [14]


async def test_what_is_changed_before_it_is_sent_goes_with_the_same_version(
    database: Database, territory: Territory
) -> None:
    purchase_id = await sent(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer, order_id = await buyer_of(session, territory), await first(session)
        item = (
            await session.execute(text("SELECT item_id FROM order_items WHERE order_id = :id"), {"id": order_id})
        ).scalar_one()
        place = (item, territory.members[SALLES], None)
        assert await amend_order(session, buyer, purchase_id, order_id, AmendmentIn({place: 4}), CLOCK, reason="A") == 2
        prices = {item: Decimal(170)}
        assert await amend_order(session, buyer, purchase_id, order_id, AmendmentIn({}, prices), CLOCK, reason="B") == 2
        for command, reason in (
            (AmendmentIn({place: 4}), "Rien"),
            (AmendmentIn({place: 3}), ""),
            (AmendmentIn({(item, territory.members[SALLES], 10**9): 3}), "Ailleurs"),
            (AmendmentIn({(10**9, territory.members[SALLES], None): 3}), "Autre article"),
            (AmendmentIn({(item, territory.members["UFR-DROIT"], None): 3}), "Autre membre"),
            (AmendmentIn({}, {10**9: Decimal(1)}), "Autre prix"),
        ):
            with pytest.raises(Invalid):
                await amend_order(session, buyer, purchase_id, order_id, command, CLOCK, reason=reason)
        rows = await session.execute(
            text(
                "SELECT number, reason, jsonb_array_length(changes) FROM order_versions WHERE order_id = :id ORDER BY 1"
            ),
            {"id": order_id},
        )
        assert [tuple(row) for row in rows] == [(1, "", 0), (2, "A\nB", 2)]


class Held:
    """What a feature to the right would say of it."""

    @staticmethod
    async def holds(session: AsyncSession, order_id: int) -> str:  # noqa: ARG004
        return "Des articles ont été reçus."

    @staticmethod
    async def floors(session: AsyncSession, order_id: int) -> Mapping[int, int]:
        rows = await session.execute(text("SELECT id FROM order_lines WHERE order_id = :id"), {"id": order_id})
        return dict.fromkeys(rows.scalars(), 5)


async def test_goods_that_came_stand_against_it(database: Database, territory: Territory, app: Litestar) -> None:
    purchase_id = await sent(database, territory)
    async with database.transaction(territory.group_id) as session:
        known = features_for(session)
        feature = Feature(order_holds=(Held.holds,), order_floors=(Held.floors,))
        session.info[Features] = replace(known, each=[*known.each, feature])
        buyer, order_id = await buyer_of(session, territory), await first(session)
        with pytest.raises(Conflict, match="reçus"):
            await cancel_order(session, buyer, purchase_id, order_id, CLOCK, reason="Trop tard")
        item = (
            await session.execute(text("SELECT item_id FROM order_items WHERE order_id = :id"), {"id": order_id})
        ).scalar_one()
        place = (item, territory.members[SALLES], None)
        with pytest.raises(Invalid):
            await amend_order(session, buyer, purchase_id, order_id, AmendmentIn({place: 4}), CLOCK, reason="Moins")
        more = AmendmentIn({place: 6})
        assert await amend_order(session, buyer, purchase_id, order_id, more, CLOCK, reason="Plus") == 2


async def test_a_cancelled_order_may_be_made_anew(database: Database, territory: Territory) -> None:
    purchase_id = await sent(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer, order_id = await buyer_of(session, territory), await first(session)
        with pytest.raises(ChangedMeanwhile):
            await cancel_order(session, buyer, purchase_id, order_id, CLOCK, reason="Rupture", shown="before")
        with pytest.raises(Invalid):
            await cancel_order(session, buyer, purchase_id, order_id, CLOCK, reason="")
        for _ in range(2):
            order = await cancel_order(session, buyer, purchase_id, order_id, CLOCK, reason="Rupture")
            assert (order.state, order.cancelled_because) == ("cancelled", "Rupture")
        day = (LATER + timedelta(days=1)).date()
        with pytest.raises(Conflict):
            await confirm_order(session, buyer, purchase_id, order_id, ConfirmationIn(day), CLOCK)
        assert await make_orders(session, buyer, purchase_id, CLOCK) == 1
        last = await session.execute(text("SELECT number, state FROM orders ORDER BY number DESC LIMIT 1"))
        assert tuple(last.one()) == (3, "draft")

"""What suppliers invoice beside items stands on their orders: whole, or what each member bears of it."""

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api_client import API, Connect
from factories import BUYER, LUGOS, NOW, SALLES, Territory
from ordering import CLOCK, CYCLES, LATER, MOBILIER, buyer_of, consolidated
from pooling.allocation.allocating import allocate_purchase
from pooling.allocation.editing.lines import CHARGES, add_line, change_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.orders.changing import AmendmentIn, amend_order
from pooling.orders.document import pdf_data, read_document, write_order_workbook
from pooling.orders.making import make_orders
from pooling.orders.models import Order
from pooling.orders.naming import name_invoicers, name_suppliers
from pooling.orders.sending import say_sent
from web_client import SignIn, text_of

LIST = "/g/bassin/achats/AG-2027-001/commandes"
DELIVERY = ChargeIn(label="Livraison", amount_cents=10_001, vat_rate=Decimal(20), key="quantity", items=["arceau"])
DISCOUNT = ChargeIn(
    label="Remise", amount_cents=None, percent=Decimal("-1.5"), vat_rate=Decimal(20), key="amount", items=["arceau"]
)
INSIDE = ChargeIn(label="Coordination", amount_cents=5_000, vat_rate=Decimal(0), key="equal")


async def charged(database: Database, territory: Territory, mandate: str) -> int:
    """Racks of one supplier, who brings them and grants a discount; a shelter of another; a cost that none invoices."""
    purchase_id, suppliers = await consolidated(database, territory, mandate=mandate)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        for charge in (DELIVERY, DISCOUNT, INSIDE):
            await add_line(session, buyer, purchase_id, CHARGES, charge, CLOCK)
        named = {"arceau": suppliers[CYCLES.name], "abri": suppliers[MOBILIER.name]}
        await name_suppliers(session, buyer, purchase_id, named, LATER)
        cycles = suppliers[CYCLES.name]
        await name_invoicers(session, buyer, purchase_id, {"livraison": cycles, "remise": cycles}, LATER)
        await make_orders(session, buyer, purchase_id, CLOCK)
    return purchase_id


def plain(said: str) -> str:
    return said.replace("\u202f", " ").replace("\u00a0", " ")


async def stand(session: AsyncSession) -> list[tuple[int, str, int]]:
    rows = await session.execute(
        text("SELECT o.number, c.code, c.amount_cents FROM orders o JOIN order_charges c ON c.order_id = o.id "
             "ORDER BY o.number, c.position")
    )  # fmt: skip
    return [tuple(row) for row in rows]


async def order_of(session: AsyncSession, number: int) -> Order:
    found = await session.execute(text("SELECT group_id, id FROM orders WHERE number = :number"), {"number": number})
    return await session.get_one(Order, tuple(found.one()), populate_existing=True)


async def test_an_order_of_the_lead_says_them_whole(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    await charged(database, territory, "full")
    async with database.transaction(territory.group_id) as session:
        assert await stand(session) == [(1, "livraison", 10_001), (1, "remise", -4_050)]
        document = await read_document(session, await order_of(session, 1), NOW)
    assert (document.totals.ht, document.totals.ttc) == (275_951, 331_141)
    said = pdf_data(document)
    assert said["charges"][0]["label"] == "Livraison"  # type: ignore[index]
    written = io.BytesIO()
    write_order_workbook(written, document)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(written.getvalue())).get_sheet_by_name("Commande").to_python()
    assert [row[7] for row in sheet if row[2] in ("Livraison", "Remise")] == [100.01, -40.5]
    browser = await sign_in(BUYER)
    shown = plain(text_of(await browser.get(f"{LIST}/1")))
    assert [part for part in ("Livraison", "100,01 €", "−40,50 €", "2 759,51 €") if part not in shown] == []
    assert "16 759,51 €" in plain(text_of(await browser.get(LIST)))
    program = await connect(BUYER)
    told = (await program.get(f"{API}/purchases/AG-2027-001/orders/1")).json()
    assert (told["ht"], [one["amount"] for one in told["charges"]]) == ("2759.51", ["100.01", "-40.5"])


@pytest.mark.parametrize("mandate", ["procedure_only", "sign_and_notify"])
async def test_an_order_of_a_member_says_what_it_bears(database: Database, territory: Territory, mandate: str) -> None:
    purchase_id = await charged(database, territory, mandate)
    async with database.transaction(territory.group_id) as session:
        shared = await allocate_purchase(session, purchase_id, "")
        borne = {one.result.id: dict(one.result.charges) for one in shared.result.members}
        found = await stand(session)
    assert found == [
        (number, code, borne[member][code])
        for number, member in ((1, LUGOS), (2, SALLES))
        for code in ("livraison", "remise")
    ]
    assert sum(cents for _, code, cents in found if code == "livraison") == 10_001


async def test_what_changed_meanwhile_is_made_again(database: Database, territory: Territory) -> None:
    purchase_id = await charged(database, territory, "")
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        dearer = replace(DELIVERY, amount_cents=12_000)
        await change_line(session, buyer, purchase_id, CHARGES, "livraison", dearer, CLOCK)
        with pytest.raises(Conflict) as refused:
            await say_sent(session, buyer, purchase_id, CLOCK, how="Par courrier")
        assert refused.value.code == "drafts_outdated"
        await make_orders(session, buyer, purchase_id, CLOCK)
        assert (await stand(session))[0] == (1, "livraison", 12_000)
        await say_sent(session, buyer, purchase_id, CLOCK, how="Par courrier")
        order = await order_of(session, 1)
        changes = AmendmentIn(charges={"livraison": 9_000})
        assert await amend_order(session, buyer, purchase_id, order.id, changes, CLOCK, reason="Un seul trajet") == 2
        document = await read_document(session, order, NOW)
        assert document.changes == ["Livraison : 90,00\u00a0€ HT au lieu de 120,00\u00a0€"]
        with pytest.raises(Invalid):
            await amend_order(
                session, buyer, purchase_id, order.id, AmendmentIn(charges={"coordination": 1}), CLOCK, reason="Non"
            )


async def test_who_invoices_is_said_in_a_form(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await charged(database, territory, "full")
    browser = await sign_in(BUYER)
    form = f"{LIST}/fournisseurs"
    page = await browser.get(form)
    assert "Qui facture les frais" in text_of(page)
    refused = await browser.post(form, {"frais-coordination": "999999", "frais-livraison": ""})
    assert "Choisissez un fournisseur que le groupe propose." in text_of(refused)
    assert (await browser.post(form, {"frais-livraison": ""})).status_code == 303
    assert (await browser.post(LIST, {})).status_code == 303
    async with database.transaction(territory.group_id) as session:
        assert [code for _, code, _ in await stand(session)] == ["remise"]


async def test_a_delivery_of_a_quote_is_its_suppliers(database: Database, territory: Territory) -> None:
    purchase_id, suppliers = await consolidated(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        await add_line(session, buyer, purchase_id, CHARGES, DELIVERY, CLOCK)
        await session.execute(
            text("INSERT INTO quotes (group_id, purchase_id, supplier_id, delivery_cents, delivery_vat_rate, "
                 "reference, note, charge_code, written_at) "
                 "VALUES (:group, :purchase, :supplier, 10001, 20, '', '', 'livraison', now())"),
            {"group": territory.group_id, "purchase": purchase_id, "supplier": suppliers[CYCLES.name]},
        )  # fmt: skip
        with pytest.raises(Invalid):
            await name_invoicers(session, buyer, purchase_id, {"livraison": None}, LATER)
        cycles = suppliers[CYCLES.name]
        await name_suppliers(session, buyer, purchase_id, {"arceau": cycles, "abri": cycles}, LATER)
        await make_orders(session, buyer, purchase_id, CLOCK)
        assert await stand(session) == [(1, "livraison", 10_001)]

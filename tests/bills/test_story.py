"""From the needs to the cent, under each mandate: three members, two suppliers, an award line by line with a delivery,
two partial deliveries with a refusal, an invoice before the last one, a credit note, and shares that follow what was
refused. Every document ties with what members pay.
"""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlmodel import col

from bills.scene import BILLS, HELMETS, NEEDS, PURCHASE, Bought, buy, invoice, receive
from bills.test_bills import decide, read, send
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory
from pooling.allocation.allocating import allocate_purchase
from pooling.bills.models import Bill
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.orders.document import OrderDocument, read_document
from pooling.orders.models import Order
from pooling.receipts.adjusting import adjust_order
from web_client import Browser, SignIn

DELIVERY = 45_00
MANDATES = {"full": "equal", "procedure_only": "equal", "sign_and_notify": "amount"}
"""How the delivery is shared: alike, or by what each takes, which a refusal changes."""


async def documents(database: Database, territory: Territory, bought: Bought) -> list[tuple[str, str, OrderDocument]]:
    """The orders as they were sent: the supplier's SIREN, the member that buys or nothing, the document."""
    async with database.transaction(territory.group_id) as session:
        orders = await session.execute(select(Order).order_by(col(Order.number)))
        codes = {key: code for key, code in await session.execute(select(col(Member.id), col(Member.code)))}
        found = []
        for order in orders.scalars():
            document = await read_document(session, order, NOW + timedelta(days=1))
            buyer = codes[order.member_id] if order.member_id is not None else ""
            found.append(((document.supplier.siret or "")[:9], buyer, document))
    return found


def billed(number: str, siren: str, document: OrderDocument, units: int, *, whole: bool, credit: bool = False) -> bytes:
    """So many of its only item and, with the `whole`, its delivery."""
    (item,) = document.items
    rate = f"{item.item.vat_rate:.2f}"
    lines = [(item.item.name, units, f"{item.item.unit_price:.2f}", rate)]
    if whole:
        lines += [(one.label, 1, f"{Decimal(one.amount_cents) / 100:.2f}", "20.00") for one in document.charges]
    return invoice(number, document.order.reference, *lines, siren=siren, credit=credit)


async def accept(buyer: Browser, content: bytes, reason: str = "") -> str:
    bill = await send(buyer, content)
    assert bill.startswith(BILLS), bill
    assert await decide(buyer, bill, "acceptation", reason) == 303, await read(buyer, bill)
    return bill


@pytest.mark.parametrize("mandate", MANDATES)
async def test_from_the_needs_to_the_cent(
    database: Database, territory: Territory, sign_in: SignIn, mandate: str
) -> None:
    bought = await buy(database, territory, mandate=mandate, delivery=DELIVERY, key=MANDATES[mandate])
    orders = await documents(database, territory, bought)
    assert len(orders) == (2 if mandate == "full" else 5)
    async with database.transaction(territory.group_id) as session:
        shared = (await allocate_purchase(session, bought.purchase_id, "")).result
    assert sum(one.totals.ht for *_, one in orders) == shared.totals.ht == 20 * 180_00 + 8 * 12_50 + DELIVERY
    if mandate != "full":
        each = Counter[str]()
        for _, member, document in orders:
            each[member] += document.totals.ht
        assert each == {member.result.id: member.result.ht for member in shared.members}
    buyer = await sign_in(BUYER)
    for place, (siren, member, document) in enumerate(orders):
        units = {code: NEEDS[code][siren == HELMETS[:9]] for code in ([member] if member else NEEDS)}
        wanted, reference = sum(units.values()), document.order.reference
        if siren == HELMETS[:9]:
            await receive(database, territory, bought, reference, {code: one for code, one in units.items() if one})
            await accept(buyer, billed(f"C{place}", siren, document, wanted, whole=True))
            continue
        back = 2 if SALLES in units else 0
        await _in_two(database, territory, bought, reference, units)
        said = await read(buyer, early := await send(buyer, billed(f"F{place}", siren, document, wanted, whole=True)))
        told = ["reçus et acceptés à ce jour" in said, "hors articles" in said]
        assert told == [bool(back), False], "ahead of the goods that were refused, the delivery as ordered"
        assert await decide(buyer, early, "acceptation", "Suite annoncée" if back else "") == 303
        if back:
            await accept(buyer, billed(f"A{place}", siren, document, back, whole=False, credit=True))
            assert "diffèrent de" in await read(buyer, BILLS)
            await _no_longer_awaited(database, territory, bought, reference)
    async with database.transaction(territory.group_id) as session:
        bills = (await session.execute(select(Bill))).scalars()
        asked = sum(bill.ttc_cents * (-1 if bill.kind == "credit_note" else 1) for bill in bills)
    assert asked == sum(one.totals.ttc for *_, one in await documents(database, territory, bought))
    assert "Livré" in await read(buyer, PURCHASE)
    if MANDATES[mandate] == "amount":
        await _shared_as_ordered(buyer)
    page = await read(buyer, BILLS)
    assert "Facturée en partie" not in page
    assert "La répartition est au centime celle des factures acceptées" in page
    async with database.transaction(territory.group_id) as session:
        after = (await allocate_purchase(session, bought.purchase_id, "")).result
    assert after.totals.ht == shared.totals.ht - 2 * 180_00, "what was refused is paid by nobody"


async def _shared_as_ordered(buyer: Browser) -> None:
    """What each bears of the delivery has moved since it was ordered and invoiced: the page says so, and mends it."""
    assert "en dit 22,20 € HT, la répartition 24,59 €" in await read(buyer, BILLS), "1 825 € of 3 340 €, not 3 700 €"
    mended = await buyer.post(f"{BILLS}/frais", {"charge": "livraison-mobilier-urbain-exemple"}, page=BILLS)
    assert mended.status_code == 303


async def _no_longer_awaited(database: Database, territory: Territory, bought: Bought, reference: str) -> None:
    """What was refused will not come: the order's next version says so, and shares follow."""
    async with database.transaction(territory.group_id) as session:
        lead = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW + timedelta(days=3))
        why = "Le fournisseur fait un avoir"
        await adjust_order(session, lead, bought.purchase_id, bought.orders[reference], clock, reason=why)


async def _in_two(
    database: Database, territory: Territory, bought: Bought, reference: str, units: dict[str, int]
) -> None:
    """Two partial deliveries; two of those for Salles are refused."""
    first = {code: one for code, one in units.items() if code == ARCACHON} | (
        {LUGOS: 2} if LUGOS in units else {}
    )  # fmt: skip
    if first:
        await receive(database, territory, bought, reference, first)
    second = ({SALLES: units[SALLES] - 2} if SALLES in units else {}) | ({LUGOS: 2} if LUGOS in units else {})
    if second:
        await receive(database, territory, bought, reference, second, refused=2 if SALLES in units else 0)

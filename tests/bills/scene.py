"""Three members that bought arches and helmets of two suppliers: orders that have left, and invoices as files."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from invoices.sample import cii, line, tax
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.models import Assignment
from pooling.orders.models import Order, OrderItem, OrderLine, OrderState, OrderVersion
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.models import Item
from pooling.purchases.schemas import ItemIn
from pooling.receipts.models import Receipt, ReceiptLine
from pooling.suppliers.keeping import SupplierIn, add_supplier

PURCHASE = "/g/bassin/achats/AG-2027-001"
BILLS = f"{PURCHASE}/factures"
MAKER, HELMETS = "55210055400013", "73282932000017"
NEEDS = {ARCACHON: (10, 2), LUGOS: (4, 6), SALLES: (6, 0)}
"""Arches and helmets of each."""
ITEMS = (
    ItemIn(code="arceau", name="Arceau posé", unit="arceau", unit_price=Decimal(180)),
    ItemIn(code="casque-m", name="Casque", unit="casque", unit_price=Decimal("12.50"), vat_rate=Decimal("5.5")),
)


@dataclass
class Bought:
    """What was ordered, of whom and by whom."""

    purchase_id: int
    items: dict[str, int]
    suppliers: dict[str, int]
    orders: dict[str, int]
    """By reference."""


async def buy(database: Database, territory: Territory, *, each: bool = False) -> Bought:
    """Closed, consolidated, ordered: by the lead for all, or by `each` member."""
    purchase_id = await open_purchase(database, territory, NOW, items=ITEMS, participants=tuple(NEEDS))
    for email, code in (
        ("referent@arcachon.example", ARCACHON),
        ("referent@lugos.example", LUGOS),
        ("referent@salles.example", SALLES),
    ):
        arches, helmets = NEEDS[code]
        await file_needs(database, territory, purchase_id, email, NOW, arceau=arches, **{"casque-m": helmets})
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW + timedelta(days=1))
        await close_collection(session, buyer, purchase_id, clock, reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, purchase_id, clock, options={})
        suppliers = {
            siret: (await add_supplier(session, buyer, SupplierIn(name=name, siret=siret, order_email=mail), NOW)).id
            for siret, name, mail in (
                (MAKER, "Mobilier urbain exemple", "commandes@mobilier.example"),
                (HELMETS, "Casques exemple", ""),
            )
        }
        items = await item_ids(session, purchase_id)
        bought = Bought(purchase_id, items, suppliers, {})
        assigned = list(
            await session.execute(
                select(col(Assignment.item_id), col(Assignment.member_id), col(Assignment.quantity))
                .where(col(Assignment.quantity) > 0)
                .order_by(col(Assignment.member_id))
            )
        )
        number = 0
        for siret, code in ((MAKER, "arceau"), (HELMETS, "casque-m")):
            mine = [(member, units) for item, member, units in assigned if item == items[code]]
            for buyers in [[one] for one in mine] if each else [mine]:
                number += 1
                reference = f"AG-2027-001-{number}"
                order = Order(
                    group_id=territory.group_id,
                    purchase_id=purchase_id,
                    supplier_id=suppliers[siret],
                    member_id=buyers[0][0] if each else None,
                    number=number,
                    reference=reference,
                    state=OrderState.SENT,
                    created_at=NOW,
                    sent_at=NOW,
                )
                session.add(order)
                await session.flush()
                bought.orders[reference] = order.id
                item = await session.get_one(Item, (territory.group_id, items[code]))
                whose: dict[str, Any] = {"group_id": territory.group_id, "order_id": order.id, "item_id": item.id}
                session.add(
                    OrderItem(
                        **whose, code=item.code, name=item.name, unit=item.unit, unit_price=item.unit_price,
                        vat_rate=item.vat_rate,
                    )
                )  # fmt: skip
                session.add(OrderVersion(group_id=territory.group_id, order_id=order.id, number=1, made_at=NOW))
                await session.flush()
                session.add_all(OrderLine(**whose, member_id=member, quantity=units) for member, units in buyers)
        purchase = await find_purchase(session, "AG-2027-001")
        purchase.state = "ordered"
    return bought


async def receive(
    database: Database, territory: Territory, bought: Bought, reference: str, accepted: dict[str, int], refused: int = 0
) -> None:
    """Notes what arrived of an order, by member code; `refused` more units of the first of them."""
    async with database.transaction(territory.group_id) as session:
        receipt = Receipt(
            group_id=territory.group_id, order_id=bought.orders[reference], received_on=NOW.date(), noted_at=NOW
        )
        session.add(receipt)
        await session.flush()
        lines = await session.execute(
            select(OrderLine).where(col(OrderLine.order_id) == bought.orders[reference]).order_by(col(OrderLine.id))
        )
        by_member = {one.member_id: one for one in lines.scalars()}
        for place, (code, units) in enumerate(accepted.items()):
            back = refused if place == 0 else 0
            session.add(
                ReceiptLine(
                    group_id=territory.group_id, receipt_id=receipt.id,
                    order_line_id=by_member[territory.members[code]].id, accepted=units, refused=back,
                    reason="Peinture abîmée" if back else "",
                )
            )  # fmt: skip


def invoice(
    number: str,
    reference: str,
    *lines: tuple[str, int, str, str],
    siren: str = MAKER[:9],
    credit: bool = False,
    due: str = "20270501",
    prepaid: str = "",
) -> bytes:
    """A CII file of lines (name, units, price, rate) whose sums tie."""
    bases: dict[str, Decimal] = {}
    written = []
    for place, (name, units, price, rate) in enumerate(lines, start=1):
        net = (units * Decimal(price)).quantize(Decimal("0.01"))
        bases[rate] = bases.get(rate, Decimal(0)) + net
        one = line(str(place), quantity=str(units), price=price, net=str(net), rate=rate)
        written.append(one.replace("Arceau", name).replace(">ARC<", "><"))
    vats = {rate: (base * Decimal(rate) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) for rate, base in bases.items()}
    ht, vat = sum(bases.values(), Decimal(0)), sum(vats.values(), Decimal(0))
    paid = f"<ram:TotalPrepaidAmount>{prepaid}</ram:TotalPrepaidAmount>" if prepaid else ""
    totals = (
        f"<ram:LineTotalAmount>{ht}</ram:LineTotalAmount><ram:TaxBasisTotalAmount>{ht}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="EUR">{vat}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{ht + vat}</ram:GrandTotalAmount>{paid}"
        f"<ram:DuePayableAmount>{ht + vat - Decimal(prepaid or 0)}</ram:DuePayableAmount>"
    )
    content = cii(
        number=number, siren=siren, vat=_vat(siren), issued="20270401", due=due, totals=totals,
        type_code="381" if credit else "380", lines="".join(written),
        taxes="".join(tax(str(base), str(vats[rate]), rate) for rate, base in bases.items()),
    )  # fmt: skip
    return content.replace(b"AG-2026-003-1", reference.encode())


def _vat(siren: str) -> str:
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


__all__ = ["BILLS", "Bought", "buy", "invoice", "receive"]

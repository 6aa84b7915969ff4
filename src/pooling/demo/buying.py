"""What purchases of the demonstration go through once needs are declared: ordered, confirmed, received, invoiced."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from pooling.allocation.editing.lines import CHARGES, add_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.allocation.models import PARTICIPANTS
from pooling.bills.keeping import keep_typed
from pooling.bills.models import Bill
from pooling.bills.schemas import BillIn, LineIn, RateIn
from pooling.demo.purchases import Stage, as_referent, close, declare, open_for
from pooling.demo.suppliers import SUPPLIERS
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.changing import ConfirmationIn, confirm_order
from pooling.orders.making import make_orders
from pooling.orders.models import Order
from pooling.orders.naming import name_invoicers, name_suppliers
from pooling.orders.sending import say_sent
from pooling.purchases.finding import item_ids
from pooling.receipts.noting import note_receipt
from pooling.receipts.queries import lines_of
from pooling.receipts.schemas import NotedIn, ReceiptIn
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier

ZONE = ZoneInfo("Europe/Paris")
CYCLES, MOBILIER, _, GARAGE, IMPRIMERIE = (supplier.name for supplier in SUPPLIERS)
Wanted = Mapping[str, Mapping[str, int]]
"""Units by member and item, each by its code."""


async def order_all(
    stage: Stage, wanted: Wanted, supplier: str, *, opened: bool = False, delivery: Cents = 0
) -> Sequence[Order]:
    """All of it is declared, consolidated and ordered from one supplier, who invoices its `delivery`; the orders that
    have left.
    """
    await gather(stage, wanted, opened=opened)
    return await order(stage, supplier, delivery=delivery)


async def gather(stage: Stage, wanted: Wanted, *, opened: bool = False) -> None:
    """Three weeks in which all of it is declared."""
    at = stage.purchase.created_at
    if not opened:
        await open_for(stage, at + timedelta(days=1), at + timedelta(days=20))
    await declare(stage, at + timedelta(days=3), wanted)
    await close(stage, at + timedelta(days=20))


async def order(stage: Stage, supplier: str, *, delivery: Cents = 0) -> Sequence[Order]:
    """What is declared, two days after the collection closed."""
    session, purchase_id = stage.session, stage.purchase.id
    stage.clock.instant = stage.purchase.created_at + timedelta(days=22)
    await freeze_consolidation(session, stage.buyer, purchase_id, stage.clock, options={})
    chosen = (await session.execute(select(col(Supplier.id)).where(col(Supplier.name) == supplier))).scalar_one()
    items = await item_ids(session, purchase_id)
    await name_suppliers(session, stage.buyer, purchase_id, dict.fromkeys(items, chosen), stage.clock.instant)
    if delivery:
        command = ChargeIn(
            label="Livraison", amount_cents=delivery, vat_rate=Decimal(20), key="amount", scope=PARTICIPANTS
        )
        charge = await add_line(session, stage.buyer, purchase_id, CHARGES, command, stage.clock)
        await name_invoicers(session, stage.buyer, purchase_id, {charge.code: chosen}, stage.clock.instant)
    await make_orders(session, stage.buyer, purchase_id, stage.clock)
    await say_sent(session, stage.buyer, purchase_id, stage.clock, how="par la plateforme du fournisseur")
    orders = select(Order).where(col(Order.purchase_id) == purchase_id).order_by(col(Order.number))
    return (await session.execute(orders.execution_options(populate_existing=True))).scalars().all()


async def confirm(stage: Stage, made: Order, promised_on: date, reference: str) -> None:
    """Two days after it left."""
    stage.clock.instant += timedelta(days=2)
    command = ConfirmationIn(stage.clock.instant.date(), promised_on, reference)
    await confirm_order(stage.session, stage.buyer, stage.purchase.id, made.id, command, stage.clock)


async def receive(
    stage: Stage, made: Order, at: datetime, delivery_note: str, codes: Sequence[str], broken: int = 0
) -> None:
    """All that is for these members came; of the first line so many came `broken`. The référent of an only member notes
    it, else the buyer.
    """
    members = [stage.territory.members[code] for code in codes]
    lines = await lines_of(stage.session, made.id, members=members)
    noted = tuple(
        NotedIn(line=line.id, accepted=line.arrived.ordered - broken, refused=broken, reason="Coques fendues")
        if broken and line is lines[0]
        else NotedIn(line=line.id, accepted=line.arrived.ordered)
        for line in lines
    )
    caller = as_referent(stage.territory, codes[0]) if len(codes) == 1 else stage.buyer
    await note_receipt(
        stage.session, caller, stage.purchase.id, made.id,
        ReceiptIn(received_on=at.date(), delivery_note=delivery_note, lines=noted), at, ZONE, insistence=None,
    )  # fmt: skip


async def bill_typed(
    stage: Stage, made: Order, number: str, lines: Sequence[tuple[str, int, Decimal, str]], at: datetime
) -> Bill:
    """An invoice of lines (name, units, price, item), all at one rate, due in thirty days."""
    rate = Decimal(20)
    said = tuple(
        LineIn(
            name=name, quantity=Decimal(units), unit_price=price, net_cents=int(units * price * 100), vat_rate=rate,
            item=item,
        )
        for name, units, price, item in lines
    )  # fmt: skip
    ht = sum(line.net_cents for line in said)
    vat = (ht * 20 + 50) // 100
    command = BillIn(
        number=number,
        issued_on=at.date(),
        due_on=(at + timedelta(days=30)).date(),
        order_reference=made.reference,
        lines=said,
        rates=(RateIn(vat_rate=rate, base_cents=ht, vat_cents=vat),),
        ht_cents=ht,
        vat_cents=vat,
        ttc_cents=ht + vat,
        due_cents=ht + vat,
    )
    return await keep_typed(
        stage.session, stage.buyer, stage.purchase.id, command, at, supplier_id=made.supplier_id, orders=[made.id]
    )

"""Purchases that were ordered here: what came late, what was refused and invoiced otherwise, what is settled, and
orders of each member where the mandate says so. Suppliers, prices and documents are fictional.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling import BESIDE
from pooling.allocation.editing.lines import CHARGES, add_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.allocation.models import PARTICIPANTS
from pooling.allocation.records.freezing import freeze_allocation
from pooling.bills.deciding import accept_bill, dispute_bill
from pooling.bills.keeping import keep_typed
from pooling.bills.models import Bill
from pooling.bills.schemas import BillIn, LineIn, RateIn
from pooling.demo.purchases import COBAN, COBAS, Stage, as_referent, begin, close, codes_of, declare, open_for
from pooling.demo.territory import BUYER, DOMAIN, Demonstration
from pooling.kernel.database import Database
from pooling.needs.advancing import advance_purchase
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.changing import ConfirmationIn, confirm_order
from pooling.orders.making import make_orders
from pooling.orders.models import Order
from pooling.orders.naming import name_invoicers, name_suppliers
from pooling.orders.sending import say_sent
from pooling.procurement.configuration import read_procurement
from pooling.procurement.models import Mandate
from pooling.procurement.planning import PlanIn, ShareIn, keep_plan, keep_share
from pooling.purchases.finding import item_ids
from pooling.purchases.models import PurchaseState
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.receipts.noting import note_receipt
from pooling.receipts.queries import lines_of
from pooling.receipts.schemas import NotedIn, ReceiptIn
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier

_ZONE = ZoneInfo("Europe/Paris")
CYCLES, MOBILIER = "Cycles du Bassin (fictif)", "Mobilier urbain d’Aquitaine (fictif)"
Wanted = Mapping[str, Mapping[str, int]]
"""Units by member and item, each by its code."""


async def make_ordered(database: Database, territory: Demonstration, now: datetime) -> None:
    async with database.transaction(territory.group_id) as session:
        await _late_pumps(session, territory, now)
        await _refused_helmets(session, territory, now)
        await _settled_locks(session, territory, now)
        await _signs_of_each(session, territory, now)


async def _late_pumps(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Ordered: the larger half came when it was promised, the rest is late."""
    codes = codes_of(territory)[:8]
    command = PurchaseIn(
        title="Stations de gonflage",
        description="En libre service devant les mairies et les gares.",
        lead_member=COBAS,
        participants=tuple(codes),
        items=(
            ItemIn(code="station", name="Station de gonflage", unit="station", unit_price=Decimal(1250), fctva=True),
        ),
    )
    stage = await begin(session, territory, command, now - timedelta(days=75), BUYER)
    (order,) = await _order(stage, {code: {"station": 2} for code in codes}, CYCLES)
    await _confirm(stage, order, (now - timedelta(days=9)).date(), "CMD-5120 (fictif)")
    await _receive(stage, order, now - timedelta(days=10), "BL-2041", codes[:5])


async def _refused_helmets(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Ordered: a référent refused what came broken, and still waits for it. The invoice asks for all that was sent, at
    another price: it is disputed.
    """
    codes = codes_of(territory)[:6]
    command = PurchaseIn(
        title="Casques et gilets pour les agents",
        description="Pour les trajets de service à vélo.",
        lead_member=COBAS,
        participants=tuple(codes),
        items=(
            ItemIn(code="casque", name="Casque de ville", unit="casque", unit_price=Decimal(38)),
            ItemIn(code="gilet", name="Gilet réfléchissant", unit="gilet", unit_price=Decimal("9.50")),
        ),
    )
    stage = await begin(session, territory, command, now - timedelta(days=60), BUYER)
    (order,) = await _order(stage, {code: {"casque": 6, "gilet": 10} for code in codes}, MOBILIER)
    await _confirm(stage, order, (now + timedelta(days=4)).date(), "2026-C-733 (fictif)")
    arrived = now - timedelta(days=2)
    for place, code in enumerate(codes[:2]):
        await _receive(stage, order, arrived, f"CG-{code[-3:]}", [code], broken=0 if place else 2)
    lines = (("Casque de ville", 12, Decimal("39.50"), "casque"), ("Gilet réfléchissant", 20, Decimal("9.50"), "gilet"))
    bill = await _bill(stage, order, "F-2026-0118 (fictive)", lines, now - timedelta(days=1))
    reason = "Casques : 38 € à la commande. Deux sont arrivés fendus et repartent : nous attendons un avoir."
    await dispute_bill(session, stage.buyer, stage.purchase.id, bill.id, now - timedelta(hours=20), reason=reason)


async def _settled_locks(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Settled: all came, its invoice is as ordered, with the delivery; everybody knows their share."""
    codes = codes_of(territory)[3:6]
    command = PurchaseIn(
        title="Antivols certifiés",
        lead_member=COBAN,
        participants=tuple(codes),
        items=(ItemIn(code="antivol", name="Antivol en U certifié", unit="antivol", unit_price=Decimal("47.90")),),
    )
    stage = await begin(session, territory, command, now - timedelta(days=130), f"achats@coban.{DOMAIN}")
    wanted = {code: {"antivol": 5 + place} for place, code in enumerate(codes)}
    (order,) = await _order(stage, wanted, CYCLES, delivery=30_00)
    arrived = now - timedelta(days=80)
    await _confirm(stage, order, arrived.date(), "CMD-4907 (fictif)")
    await _receive(stage, order, arrived, "BL-1933", codes)
    lines = (("Antivol en U certifié", 18, Decimal("47.90"), "antivol"), ("Livraison", 1, Decimal(30), ""))
    bill = await _bill(stage, order, "F-20931 (fictive)", lines, arrived + timedelta(days=6))
    purchase_id = stage.purchase.id
    await accept_bill(session, stage.buyer, purchase_id, bill.id, arrived + timedelta(days=8))
    stage.clock.instant = arrived + timedelta(days=9)
    label = f"{stage.purchase.reference} {stage.purchase.title}"
    await freeze_allocation(session, stage.buyer, purchase_id, label, stage.clock)
    stage.clock.instant = arrived + timedelta(days=40)
    await advance_purchase(session, stage.buyer, purchase_id, PurchaseState.SETTLED, stage.clock)


async def _signs_of_each(session: AsyncSession, territory: Demonstration, now: datetime) -> None:
    """Ordered: the coordinator signs and notifies, each member orders for itself."""
    codes = [code for code in codes_of(territory) if code.isdigit()][:3]
    command = PurchaseIn(
        title="Panneaux d’itinéraires cyclables",
        lead_member=COBAS,
        participants=tuple(codes),
        items=(
            ItemIn(code="panneau", name="Panneau sur mât", unit="panneau", unit_price=Decimal("118.40"), fctva=True),
        ),
    )
    at = now - timedelta(days=45)
    stage = await begin(session, territory, command, at, BUYER)
    plan = PlanIn(mandate=Mandate.SIGN_AND_NOTIFY, convention_signed_on=(at + timedelta(days=14)).date())
    procurement = read_procurement(BESIDE / "config")
    await keep_plan(session, stage.buyer, stage.purchase.id, plan, procurement, at)
    agreed = ShareIn(deliberated_on=(at + timedelta(days=10)).date(), deliberation="Délibération fictive")
    await open_for(stage, at + timedelta(days=1), at + timedelta(days=20))
    for code in codes:
        await keep_share(session, stage.buyer, stage.purchase.id, code, agreed, at + timedelta(days=11))
    await _order(stage, {code: {"panneau": 8 + 3 * place} for place, code in enumerate(codes)}, MOBILIER, opened=True)


async def _order(
    stage: Stage, wanted: Wanted, supplier: str, *, opened: bool = False, delivery: Cents = 0
) -> Sequence[Order]:
    """All of it is declared, consolidated and ordered from one supplier, who invoices its `delivery`; the orders that
    have left.
    """
    session, purchase_id = stage.session, stage.purchase.id
    at = stage.purchase.created_at
    if not opened:
        await open_for(stage, at + timedelta(days=1), at + timedelta(days=20))
    await declare(stage, at + timedelta(days=3), wanted)
    await close(stage, at + timedelta(days=20))
    stage.clock.instant = at + timedelta(days=22)
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
    await say_sent(session, stage.buyer, purchase_id, stage.clock, how="Par la plateforme du fournisseur")
    orders = select(Order).where(col(Order.purchase_id) == purchase_id).order_by(col(Order.number))
    return (await session.execute(orders.execution_options(populate_existing=True))).scalars().all()


async def _confirm(stage: Stage, order: Order, promised_on: date, reference: str) -> None:
    """Two days after it left."""
    stage.clock.instant += timedelta(days=2)
    command = ConfirmationIn(stage.clock.instant.date(), promised_on, reference)
    await confirm_order(stage.session, stage.buyer, stage.purchase.id, order.id, command, stage.clock)


async def _receive(
    stage: Stage, order: Order, at: datetime, delivery_note: str, codes: Sequence[str], broken: int = 0
) -> None:
    """All that is for these members came; of the first line so many came `broken`. The référent of an only member notes
    it, else the buyer.
    """
    members = [stage.territory.members[code] for code in codes]
    lines = await lines_of(stage.session, order.id, members=members)
    noted = tuple(
        NotedIn(line=line.id, accepted=line.arrived.ordered - broken, refused=broken, reason="Coques fendues")
        if broken and line is lines[0]
        else NotedIn(line=line.id, accepted=line.arrived.ordered)
        for line in lines
    )
    caller = as_referent(stage.territory, codes[0]) if len(codes) == 1 else stage.buyer
    await note_receipt(
        stage.session, caller, stage.purchase.id, order.id,
        ReceiptIn(received_on=at.date(), delivery_note=delivery_note, lines=noted), at, _ZONE, insistence=None,
    )  # fmt: skip


async def _bill(
    stage: Stage, order: Order, number: str, lines: Sequence[tuple[str, int, Decimal, str]], at: datetime
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
        order_reference=order.reference,
        lines=said,
        rates=(RateIn(vat_rate=rate, base_cents=ht, vat_cents=vat),),
        ht_cents=ht,
        vat_cents=vat,
        ttc_cents=ht + vat,
        due_cents=ht + vat,
    )
    return await keep_typed(
        stage.session, stage.buyer, stage.purchase.id, command, at, supplier_id=order.supplier_id, orders=[order.id]
    )

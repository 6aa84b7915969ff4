"""Purchases that were ordered here: what came late, what was refused and invoiced otherwise, what is settled, and
orders of each member where the mandate says so. Suppliers, prices and documents are fictional.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from pooling import BESIDE
from pooling.allocation.records.freezing import freeze_allocation
from pooling.bills.deciding import accept_bill, dispute_bill
from pooling.demo.buying import CYCLES, MOBILIER, bill_typed, confirm, order_all, receive
from pooling.demo.purchases import COBAN, COBAS, as_referent, begin, codes_of, open_for
from pooling.demo.territory import BUYER, DOMAIN, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Member
from pooling.needs.advancing import advance_purchase
from pooling.orders.buyers import BuyerIn, describe_buyer
from pooling.procurement.configuration import read_procurement
from pooling.procurement.models import Mandate
from pooling.procurement.planning import PlanIn, ShareIn, keep_plan, keep_share
from pooling.purchases.models import PurchaseState
from pooling.purchases.schemas import ItemIn, PurchaseIn

_BUYER = BuyerIn(
    siret="24330056399929",
    service_code="ACHATS",
    service="Service des achats (fictif)",
    address="1 rue du Bassin\n33120 Arcachon",
    contact="Service des achats, achats@cobas.example",
)


async def make_ordered(database: Database, territory: Demonstration, now: datetime) -> None:
    async with database.transaction(territory.group_id) as session:
        buys = await session.get_one(Member, (territory.group_id, territory.members[COBAS]))
        await describe_buyer(session, as_referent(territory, COBAS), buys, _BUYER, now - timedelta(days=140))
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
    (order,) = await order_all(stage, {code: {"station": 2} for code in codes}, CYCLES)
    await confirm(stage, order, (now - timedelta(days=9)).date(), "CMD-5120 (fictif)")
    await receive(stage, order, now - timedelta(days=10), "BL-2041", codes[:5])


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
    (order,) = await order_all(stage, {code: {"casque": 6, "gilet": 10} for code in codes}, MOBILIER)
    await confirm(stage, order, (now + timedelta(days=4)).date(), "2026-C-733 (fictif)")
    arrived = now - timedelta(days=2)
    for place, code in enumerate(codes[:2]):
        await receive(stage, order, arrived, f"CG-{code[-3:]}", [code], broken=0 if place else 2)
    lines = (("Casque de ville", 12, Decimal("39.50"), "casque"), ("Gilet réfléchissant", 20, Decimal("9.50"), "gilet"))
    bill = await bill_typed(stage, order, "F-2026-0118 (fictive)", lines, now - timedelta(days=1))
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
    (order,) = await order_all(stage, wanted, CYCLES, delivery=30_00)
    arrived = now - timedelta(days=80)
    await confirm(stage, order, arrived.date(), "CMD-4907 (fictif)")
    await receive(stage, order, arrived, "BL-1933", codes)
    lines = (("Antivol en U certifié", 18, Decimal("47.90"), "antivol"), ("Livraison", 1, Decimal(30), ""))
    bill = await bill_typed(stage, order, "F-20931 (fictive)", lines, arrived + timedelta(days=6))
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
    await order_all(
        stage, {code: {"panneau": 8 + 3 * place} for place, code in enumerate(codes)}, MOBILIER, opened=True
    )

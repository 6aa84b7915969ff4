"""Three members that bought arches and helmets of two suppliers: orders that have left, and invoices as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from invoices.sample import cii, line, tax
from pooling import BESIDE
from pooling.allocation.case import charges_of
from pooling.allocation.editing.lines import CHARGES, change_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.kernel.clock import Clock, FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.rights import Caller
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.making import make_orders
from pooling.orders.models import Order
from pooling.orders.sending import say_sent
from pooling.procurement.configuration import read_procurement
from pooling.procurement.planning import PlanIn, ShareIn, keep_plan, keep_share
from pooling.purchases.finding import item_ids
from pooling.purchases.schemas import ItemIn
from pooling.quotes.awarding import award
from pooling.quotes.keeping import add_quote
from pooling.quotes.schemas import QuoteIn, QuoteLineIn
from pooling.receipts.noting import note_receipt
from pooling.receipts.queries import lines_of
from pooling.receipts.schemas import NotedIn, ReceiptIn
from pooling.suppliers.keeping import SupplierIn, add_supplier

PURCHASE = "/g/bassin/achats/AG-2027-001"
BILLS = f"{PURCHASE}/factures"
MAKER, HELMETS = "55210055400013", "73282932000017"
NAMES = {ARCACHON: "arcachon", LUGOS: "lugos", SALLES: "salles"}
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
    """By reference: arches first, then helmets; by member where each orders."""


async def buy(
    database: Database, territory: Territory, *, mandate: str = "", delivery: int = 0, key: str = "equal"
) -> Bought:
    """Closed, awarded line by line to the cheaper of two quotes, of which the maker's has a `delivery`, shared by its
    `key`; consolidated, ordered as the mandate says, sent.
    """
    purchase_id = await open_purchase(database, territory, NOW, items=ITEMS, participants=tuple(NEEDS))
    for code, (arches, helmets) in NEEDS.items():
        email = f"referent@{NAMES[code]}.example"
        await file_needs(database, territory, purchase_id, email, NOW, arceau=arches, **{"casque-m": helmets})
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW + timedelta(days=1))
        await close_collection(session, buyer, purchase_id, clock, reason="Tous ont répondu")
        suppliers = {
            siret: (await add_supplier(session, buyer, SupplierIn(name=name, siret=siret, order_email=mail), NOW)).id
            for siret, name, mail in (
                (MAKER, "Mobilier urbain exemple", "commandes@mobilier.example"),
                (HELMETS, "Protections exemple", ""),
            )
        }
        await _award(session, buyer, purchase_id, suppliers, delivery, clock)
        for charge in await charges_of(session, purchase_id):
            wanted = ChargeIn(charge.label, charge.amount_cents, charge.vat_rate, key)
            await change_line(session, buyer, purchase_id, CHARGES, charge.code, wanted, clock)
        await freeze_consolidation(session, buyer, purchase_id, clock, options={})
        if mandate:
            plan, agreed = PlanIn(mandate=mandate), ShareIn(deliberated_on=NOW.date(), deliberation="2027-12")
            await keep_plan(session, buyer, purchase_id, plan, read_procurement(BESIDE / "config"), clock.instant)
            for code in NEEDS:
                await keep_share(session, buyer, purchase_id, code, agreed, clock.instant)
        await make_orders(session, buyer, purchase_id, clock)
        await say_sent(session, buyer, purchase_id, clock, how="Par la plateforme du fournisseur")
        items = await item_ids(session, purchase_id)
        orders = await session.execute(select(col(Order.reference), col(Order.id)).order_by(col(Order.number)))
    return Bought(purchase_id, items, suppliers, {reference: order_id for reference, order_id in orders})


async def _award(
    session: AsyncSession, buyer: Caller, purchase_id: int, suppliers: Mapping[str, int], delivery: int, clock: Clock
) -> None:
    prices = {MAKER: {"arceau": "180", "casque-m": "14"}, HELMETS: {"arceau": "195", "casque-m": "12.50"}}
    quotes = {}
    for siret, each in prices.items():
        lines = tuple(QuoteLineIn(item=code, unit_price=Decimal(price)) for code, price in each.items())
        command = QuoteIn(lines=lines, delivery_cents=delivery if siret == MAKER else 0)
        quotes[siret] = await add_quote(
            session, buyer, purchase_id, suppliers[siret], None, command, await clock.at_database(session)
        )
    choice = {"arceau": quotes[MAKER], "casque-m": quotes[HELMETS]}
    await award(session, buyer, purchase_id, choice, clock, reason="Le moins cher de chaque article")


async def receive(
    database: Database, territory: Territory, bought: Bought, reference: str, accepted: dict[str, int], refused: int = 0
) -> None:
    """Notes what arrived of an order, by member code; `refused` more units of the first of them."""
    at = NOW + timedelta(days=2)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        lines = {line.member_code: line.id for line in await lines_of(session, bought.orders[reference])}
        noted = tuple(
            NotedIn(line=lines[code], accepted=units, refused=refused, reason="Peinture abîmée")
            if refused and place == 0
            else NotedIn(line=lines[code], accepted=units)
            for place, (code, units) in enumerate(accepted.items())
        )
        command = ReceiptIn(received_on=at.date(), lines=noted)
        await note_receipt(
            session, buyer, bought.purchase_id, bought.orders[reference], command, at, ZoneInfo("Europe/Paris"),
            insistence=None,
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

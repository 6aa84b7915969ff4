"""A goods purchase whose collection has closed, with two suppliers: what tests of quotes stand on."""

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from factories import BUYER, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.rights import Caller
from pooling.needs.collection import close_collection
from pooling.quotes.keeping import add_quote
from pooling.quotes.schemas import QuoteIn, QuoteLineIn
from pooling.suppliers.keeping import SupplierIn, add_supplier

HOME = "/g/bassin"
PURCHASE = f"{HOME}/achats/AG-2027-001"
QUOTES = f"{PURCHASE}/devis"
FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
CYCLES = SupplierIn(name="Cycles de l’exemple", siret="99990000400014", order_email="commandes@cycles.example")
MOBILIER = SupplierIn(name="Mobilier de l’exemple", vat_number="DE136695976", order_email="ventes@mobilier.example")


async def closed_purchase(database: Database, territory: Territory, **quantities: int) -> int:
    """Lugos needs 12 racks and Salles 8, Salles a shelter too; `quantities` are others of Lugos."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, **(quantities or {"arceau": 12}))
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=8, abri=1)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
    return purchase_id


async def buyer_of(session: AsyncSession, territory: Territory) -> Caller:
    return await caller_of(session, territory.people[BUYER], territory.group_id)


async def add_suppliers(database: Database, territory: Territory) -> tuple[int, int]:
    """Cycles and Mobilier."""
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        cycles, mobilier = [(await add_supplier(session, facilitator, one, NOW)).id for one in (CYCLES, MOBILIER)]
    return cycles, mobilier


def line(item: str, unit_price: str, **more: object) -> QuoteLineIn:
    return QuoteLineIn.model_validate({"item": item, "unit_price": Decimal(unit_price), **more})


async def note(
    database: Database, territory: Territory, purchase_id: int, supplier: int, *lines: QuoteLineIn, **more: object
) -> int:
    """A quote for the whole purchase; returns its id."""
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        command = QuoteIn.model_validate({"lines": lines, **more})
        return await add_quote(session, buyer, purchase_id, supplier, None, command, NOW)

"""Purchases whose orders are made: consolidated, with suppliers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.making import make_orders
from pooling.orders.naming import name_suppliers
from pooling.sites.keeping import add_site
from pooling.sites.schemas import SiteIn
from pooling.suppliers.keeping import SupplierIn, add_supplier

LATER = NOW + timedelta(days=1)
CLOCK = FixedClock(LATER)
REFERENTS = {LUGOS: "referent@lugos.example", SALLES: "referent@salles.example"}
CYCLES = SupplierIn(name="Cycles du Bassin", siret="99990000400014", order_email="commandes@cycles.example")
MOBILIER = SupplierIn(name="Mobilier d’Aquitaine", siret="99990001200017", order_email="marches@mobilier.example")


async def buyer_of(session: AsyncSession, territory: Territory) -> Caller:
    return await caller_of(session, territory.people[BUYER], territory.group_id)


async def consolidated(
    database: Database,
    territory: Territory,
    wanted: Mapping[str, Mapping[str, int]] | None = None,
    *,
    mandate: str = "",
    **options: Any,  # noqa: ANN401 - fields of PurchaseIn
) -> tuple[int, dict[str, int]]:
    """Racks for Lugos and Salles, a shelter for Lugos; two suppliers. Returns the purchase's id and theirs by name."""
    purchase_id = await open_purchase(database, territory, NOW, **options)
    for code, units in (wanted or {LUGOS: {"arceau": 10, "abri": 1}, SALLES: {"arceau": 5}}).items():
        await file_needs(database, territory, purchase_id, REFERENTS[code], NOW, **units)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        await close_collection(session, buyer, purchase_id, CLOCK, reason="Assez")
        await freeze_consolidation(session, buyer, purchase_id, CLOCK, options={})
        suppliers = [await add_supplier(session, buyer, one, LATER) for one in (CYCLES, MOBILIER)]
        if mandate:
            await session.execute(
                text(
                    "INSERT INTO procurement_plans (group_id, purchase_id, family, options_cents, renewals, procedure, "
                    "mandate, environment) VALUES (:group, :purchase, '', 0, 0, '', :mandate, '')"
                ),
                {"group": territory.group_id, "purchase": purchase_id, "mandate": mandate},
            )
    return purchase_id, {one.name: one.id for one in suppliers}


async def ordered(
    database: Database,
    territory: Territory,
    wanted: Mapping[str, Mapping[str, int]] | None = None,
    **options: Any,  # noqa: ANN401 - as in `consolidated`
) -> int:
    """The same with its orders made: racks from one supplier, shelters from the other."""
    purchase_id, suppliers = await consolidated(database, territory, wanted, **options)
    named = {"arceau": suppliers[CYCLES.name], "abri": suppliers[MOBILIER.name]}
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        await name_suppliers(session, buyer, purchase_id, named, LATER)
        await make_orders(session, buyer, purchase_id, CLOCK)
    return purchase_id


async def with_sites(database: Database, territory: Territory, code: str, *names: str, at: datetime = NOW) -> list[int]:
    """Sites of a member, the first one its main one; their ids."""
    async with database.transaction(territory.group_id) as session:
        referent = await caller_of(session, territory.people[REFERENTS[code]], territory.group_id)
        member = await session.get_one(Member, (territory.group_id, territory.members[code]))
        made = [
            await add_site(
                session, referent, member, SiteIn(name=name, street="1 rue", postcode="33830", city="Lugos"), at
            )
            for name in names
        ]
    return [site.id for site in made]


async def drawn(database: Database, territory: Territory) -> list[tuple[Any, ...]]:
    """Every line: the order's reference, the item's code, the member's code, the site, the units."""
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("""
                SELECT o.reference, i.code, m.code, s.name, l.quantity
                FROM orders o
                JOIN order_lines l ON l.order_id = o.id
                JOIN order_items i ON i.order_id = o.id AND i.item_id = l.item_id
                JOIN members m ON m.id = l.member_id
                LEFT JOIN sites s ON s.id = l.site_id
                ORDER BY o.number, i.code, m.code, l.id""")
        )
    return [tuple(row) for row in rows]

"""Orders that have left, as tests of receipts need them: rows of their tables, by the shortest way."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from factories import ARCACHON, LUGOS, NOW, SALLES, Territory, make_purchase
from pooling.kernel.database import Database
from pooling.kernel.text import sort_key
from pooling.orders.models import Order, OrderItem, OrderLine, OrderState, OrderVersion
from pooling.purchases.finding import item_ids
from pooling.suppliers.models import Supplier

WANTED = {LUGOS: {"arceau": 10, "abri": 2}, SALLES: {"arceau": 20}}
"""Units by member and item."""
REFERENTS = {LUGOS: "referent@lugos.example", SALLES: "referent@salles.example", ARCACHON: "referent@arcachon.example"}


async def make_ordered(database: Database, territory: Territory, **options: Any) -> tuple[int, int]:  # noqa: ANN401 - as `make_order` takes
    """A purchase that is ordered, with one order of WANTED. Returns the ids of both."""
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        for code in WANTED:
            await session.execute(
                text(
                    "INSERT INTO participations (group_id, purchase_id, member_id) VALUES (:g, :p, :m) "
                    "ON CONFLICT DO NOTHING"
                ),
                {"g": territory.group_id, "p": purchase_id, "m": territory.members[code]},
            )
        await session.execute(text("UPDATE purchases SET state = 'ordered' WHERE id = :p"), {"p": purchase_id})
    return purchase_id, await make_order(database, territory, purchase_id, **options)


async def make_order(
    database: Database,
    territory: Territory,
    purchase_id: int,
    *,
    wanted: dict[str, dict[str, int]] | None = None,
    number: int = 1,
    over: int = 0,
    under: int = 0,
    promised_on: date | None = None,
    state: str = OrderState.SENT,
    supplier: str = "Cycles du Bassin",
) -> int:
    wanted = wanted or WANTED
    async with database.transaction(territory.group_id) as session:
        name = f"{supplier} {number}"
        sold_by = Supplier(
            group_id=territory.group_id,
            name=name,
            sort_key=sort_key(name),
            vat_number=f"BE{number:010}",
            created_at=NOW,
        )
        session.add(sold_by)
        await session.flush()
        order = Order(
            group_id=territory.group_id,
            purchase_id=purchase_id,
            supplier_id=sold_by.id,
            number=number,
            reference=f"AG-2027-001-{number}",
            state=state,
            created_at=NOW,
            sent_at=NOW,
            over_percent=Decimal(over),
            under_percent=Decimal(under),
            promised_on=promised_on,
        )
        session.add(order)
        await session.flush()
        session.add(
            OrderVersion(group_id=territory.group_id, order_id=order.id, number=1, made_at=NOW, sent_at=order.sent_at)
        )
        items = await item_ids(session, purchase_id)
        codes = sorted({code for units in wanted.values() for code in units}, reverse=True)
        session.add_all(
            OrderItem(
                group_id=territory.group_id,
                order_id=order.id,
                item_id=items[code],
                position=place,
                code=code,
                name=code.capitalize(),
                unit=code,
                unit_price=Decimal(100),
                vat_rate=Decimal(20),
            )
            for place, code in enumerate(codes)
        )
        await session.flush()
        session.add_all(
            OrderLine(
                group_id=territory.group_id,
                order_id=order.id,
                item_id=items[code],
                member_id=territory.members[member],
                quantity=units,
            )
            for member, wants in wanted.items()
            for code, units in wants.items()
        )
        return order.id


async def line_ids(database: Database, territory: Territory, order_id: int) -> dict[tuple[str, str], int]:
    """By the codes of member and item."""
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text(
                "SELECT m.code, i.code, l.id FROM order_lines l "
                "JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id "
                "JOIN items i ON i.group_id = l.group_id AND i.id = l.item_id WHERE l.order_id = :o"
            ),
            {"o": order_id},
        )
        return {(member, item): line for member, item, line in rows}

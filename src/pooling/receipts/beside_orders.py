"""What orders ask of receipts: what stands beside an order, why it may not be cancelled, what was received of it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import linked
from pooling.members.features import OrderFact, Part
from pooling.orders.page import OrderPage
from pooling.orders.rules import LEFT
from pooling.receipts.models import Receipt, ReceiptLine
from pooling.receipts.page import SECTION
from pooling.receipts.queries import delivered_of
from pooling.receipts.words import STATE_TAGS, STATE_WORDS


async def delivery_facts(session: AsyncSession, orders: Sequence[int]) -> Mapping[int, OrderFact]:
    delivered = await delivered_of(session, orders)
    return {
        order_id: OrderFact("Livraison", STATE_TAGS[one.state], STATE_WORDS[one.state])
        for order_id, one in delivered.items()
    }


async def receipts_part(here: OrderPage) -> Part:
    """Of the page of an order: where what came of it is seen and noted."""
    return Part(
        "receipts/order_part.html",
        {"url": f"{here.url}{SECTION}/{here.order.number}" if here.order.state in LEFT else ""},
    )


async def standing_against(session: AsyncSession, order_id: int) -> str:
    """What was received cannot be undone by cancelling."""
    standing = exists().where(col(Receipt.order_id) == order_id, col(Receipt.withdrawn_at).is_(None))
    if not (await session.execute(select(standing))).scalar_one():
        return ""
    return "Des unités en sont reçues : retirez d’abord ces réceptions, ou déclarez la commande complète."


async def received_floors(session: AsyncSession, order_id: int) -> Mapping[int, int]:
    """Units accepted, by the ids of the lines."""
    rows = await session.execute(
        select(col(ReceiptLine.order_line_id), func.sum(col(ReceiptLine.accepted)))
        .join(Receipt, linked(Receipt.id, ReceiptLine.receipt_id))
        .where(col(Receipt.order_id) == order_id, col(Receipt.withdrawn_at).is_(None))
        .group_by(col(ReceiptLine.order_line_id))
    )
    return {line_id: int(units) for line_id, units in rows}

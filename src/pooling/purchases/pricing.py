"""Prices and conditions of items after their collection has closed: what a supplier offers takes the place of what
was thought of before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.changes import changing
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.tables import any_of
from pooling.purchases.models import PriceTier, Purchase
from pooling.purchases.queries import ItemShown, purchase_items


@dataclass(frozen=True)
class Priced:
    """What an item costs and how it is sold; euros before VAT."""

    unit_price: Decimal
    tiers: tuple[tuple[int, Decimal], ...] = ()
    pack: int = 1
    minimum: int = 0

    @classmethod
    def of(cls, item: ItemShown) -> "Priced":
        return cls(item.unit_price, item.tiers, item.pack, item.minimum)

    def orders_like(self, other: "Priced") -> bool:
        """Whether as many units are ordered by both, whatever is needed: a price alone changes none."""
        if (self.pack, self.minimum) != (other.pack, other.minimum):
            return False
        return self == other or not (self.tiers or other.tiers)


_REPRICE = text("""
    UPDATE items SET unit_price = priced.unit_price, pack = priced.pack, minimum = priced.minimum
    FROM unnest(CAST(:items AS bigint[]), CAST(:prices AS numeric[]), CAST(:packs AS int[]), CAST(:minimums AS int[]))
        AS priced (item_id, unit_price, pack, minimum)
    WHERE items.group_id = :group AND items.id = priced.item_id""")


async def reprice_items(session: AsyncSession, purchase: Purchase, prices: Mapping[int, Priced], now: datetime) -> bool:
    """Gives items of a locked purchase, by their ids, these prices, tiers, packs and minimums. Where that may change
    what is ordered, the purchase is `repriced_at` now: a consolidation frozen before counts no more. Returns whether.
    """
    before = {item.id: Priced.of(item) for item in await purchase_items(session, purchase.id)}
    changed = {item: priced for item, priced in prices.items() if priced != before[item]}
    if not changed:
        return False
    await session.execute(
        _REPRICE,
        {
            "group": group_of(session),
            "items": list(changed),
            "prices": [priced.unit_price for priced in changed.values()],
            "packs": [priced.pack for priced in changed.values()],
            "minimums": [priced.minimum for priced in changed.values()],
        },
        execution_options=changing(items=[purchase.id]),
    )
    await session.execute(delete(PriceTier).where(any_of(col(PriceTier.item_id), changed)))
    await insert_many(
        session,
        PriceTier,
        [
            {"item_id": item, "from_quantity": start, "unit_price": price}
            for item, priced in changed.items()
            for start, price in priced.tiers
        ],
    )
    reorders = not all(priced.orders_like(before[item]) for item, priced in changed.items())
    if reorders:
        purchase.repriced_at = now
    return reorders

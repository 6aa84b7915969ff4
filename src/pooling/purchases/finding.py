"""Finding a purchase, also under a lock."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.collections.models import Collection
from pooling.kernel.errors import NotFound
from pooling.purchases.models import Item, Purchase


async def item_ids(session: AsyncSession, purchase_id: int) -> dict[str, int]:
    rows = await session.execute(select(col(Item.code), col(Item.id)).where(col(Item.purchase_id) == purchase_id))
    return {code: item_id for code, item_id in rows}


async def find_purchase(session: AsyncSession, reference: str) -> Purchase:
    """The group's purchase of this reference.

    Raises:
        NotFound: it has none.
    """
    found = await session.execute(select(Purchase).where(col(Purchase.reference) == reference))
    purchase: Purchase | None = found.scalar_one_or_none()
    if purchase is None:
        raise NotFound
    return purchase


async def lock_with_collection(session: AsyncSession, purchase_id: int) -> tuple[Purchase, Collection | None]:
    """Both, alone: nobody changes the purchase, nobody files."""
    purchase = await lock_purchase(session, purchase_id)
    return purchase, await lock_collection(session, ("purchase", purchase_id), alone=True)


async def lock_purchase(session: AsyncSession, purchase_id: int) -> Purchase:
    """The purchase as it stands once its lock is won, alone. Who files shares its collection's."""
    found = await session.execute(
        select(Purchase)
        .where(col(Purchase.id) == purchase_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    purchase: Purchase = found.scalar_one()
    return purchase

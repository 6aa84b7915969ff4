"""What of an offer a purchase begins with that is prepared after another one: all but its days."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, insert_many
from pooling.kernel.tables import any_of
from pooling.members.features import Copied
from pooling.offers.models import Offer, OfferPrice
from pooling.offers.queries import offer_of
from pooling.purchases.finding import item_ids
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase


async def copy_offer(session: AsyncSession, copied: Copied) -> None:
    kinds = await session.execute(
        select(col(Purchase.kind)).where(any_of(col(Purchase.id), [copied.model_id, copied.purchase_id]))
    )
    if not all(kind_of(kind).has(Part.OFFER) for kind in kinds.scalars()):
        return
    model = await offer_of(session, copied.model_id)
    former, present = await item_ids(session, copied.model_id), await item_ids(session, copied.purchase_id)
    former_offer = model.offer
    session.add(
        Offer(
            group_id=group_of(session),
            purchase_id=copied.purchase_id,
            supplier=former_offer.supplier,
            conditions=former_offer.conditions,
            claiming=former_offer.claiming,
        )
    )
    await session.flush()
    prices = [
        {"item_id": present[copied.items[code]], "cents": model.prices[item]}
        for code, item in former.items()
        if code in copied.items and item in model.prices
    ]
    await insert_many(session, OfferPrice, prices)

"""What the items of a purchase are filed under, for finance: lot, CPV, homogeneous family, nature, account."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import Filing
from pooling.purchases.details import NATURES, details_of
from pooling.purchases.queries import purchase_items
from pooling.purchases.schemas import NOTHING_SAID


async def filing_of(session: AsyncSession, purchase_id: int) -> dict[str, Filing]:
    """By the item's code, as it stands now; empty where nothing is said of any."""
    details = await details_of(session, purchase_id)
    found = {}
    for item in await purchase_items(session, purchase_id):
        said = details.get(item.id, NOTHING_SAID)
        cpv = said.cpv or (item.lot.cpv if item.lot else "")
        found[item.code] = Filing(item.under, cpv, said.family, NATURES.get(said.nature, ""), said.account)
    return found if any(any(filing) for filing in found.values()) else {}


async def with_filing(session: AsyncSession, purchase_id: int, stated: StatedPurchase) -> StatedPurchase:
    """Shares as they stand say nothing of it, since nothing of it changes them: a file of theirs does."""
    return replace(stated, labels=replace(stated.labels, filing=await filing_of(session, purchase_id)))

"""The delivery list as a file: read and written here or, of many members, in a process apart."""

import asyncio
import io
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.deliveries.reading import all_deliveries, assigned_units
from pooling.deliveries.workbook import write_delivery_workbook
from pooling.kernel.apart import PRELOADED
from pooling.purchases.queries import purchase_items

PRELOADED.add(__name__)


async def delivery_workbook(
    session: AsyncSession, purchase_id: int, consolidation_id: int, facts: Mapping[str, str], notice: str | None
) -> bytes:
    """What goes where of all items, for who delivers."""
    items = await purchase_items(session, purchase_id)
    deliveries = await all_deliveries(session, purchase_id, consolidation_id)
    assigned, target = await assigned_units(session, consolidation_id), io.BytesIO()
    await asyncio.to_thread(write_delivery_workbook, target, facts, items, deliveries, assigned, notice)
    return target.getvalue()

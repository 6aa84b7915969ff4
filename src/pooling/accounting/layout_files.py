"""A frozen allocation as a file for an accounting package."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounting.configuration import Layout
from pooling.accounting.reading import BookedRecord, read_booked
from pooling.accounting.rows import rows_of
from pooling.accounting.writing import write_layout
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.records.opening import find_record
from pooling.exports.kinds import Progress, counted
from pooling.kernel.apart import PRELOADED
from pooling.kernel.database import group_of
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.models import Purchase

PRELOADED.add(__name__)


async def write_layout_file(
    session: AsyncSession,
    path: str,
    purchase_id: int,
    number: int,
    layout: Layout,
    creditor: str,
    now: datetime,
    finance: FinanceConfiguration,
) -> int:
    """Writes it, titres of the lead or of another `creditor`; returns how many values had to be transliterated.

    Raises:
        NotFound: the purchase has no such record.
    """
    purchase = await session.get_one(Purchase, (group_of(session), purchase_id))
    booked = await read_booked(session, purchase, await find_record(session, purchase_id, number), now, finance)
    return await asyncio.to_thread(_write, path, booked, layout, creditor)


def _write(path: str, booked: BookedRecord, layout: Layout, creditor: str) -> int:
    with Path(path).open("wb") as target:
        return write_booked(target, booked, layout, creditor)


def write_booked(
    target: IO[bytes], booked: BookedRecord, layout: Layout, creditor: str, progress: Progress = lambda _: None
) -> int:
    """The rows of a layout; returns how many values had to be transliterated."""
    rows = counted(rows_of(booked, layout.rows, creditor), progress)
    return write_layout(target, layout, rows, FICTIONAL if booked.fictional else None)

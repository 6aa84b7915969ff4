"""All statements of a frozen allocation in ZIP files that are written apart, so many in each."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounting.fields import Entry
from pooling.accounting.reading import BookedRecord, has_statement, read_booked
from pooling.accounting.statement import TEMPLATE, statement_pdf
from pooling.allocation.models import AllocationShare
from pooling.allocation.records.opening import FoundRecord, find_record
from pooling.exports.kinds import ExportKind, Prepared, Progress
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.limits import Readers, limit
from pooling.purchases.models import Purchase
from pooling.web.pdf import Setter

KIND = "statements"
ZIP = "application/zip"
MOST_IN_ZIP = limit(2_000, "Statements in one ZIP file", __name__, Readers.OPERATORS)
"""A file is held in memory while it is written: some forty kilobytes for each, twice."""


async def count_statements(session: AsyncSession, record: FoundRecord) -> tuple[int, int]:
    """How many members have one, and how many have nothing that one would say."""
    counted = select(func.count().filter(has_statement(record)), func.count()).where(
        col(AllocationShare.allocation_id) == record.id
    )
    having, everybody = (await session.execute(counted)).one()
    return having, everybody - having


def terms_of(purchase_id: int, record: int, part: int) -> Mapping[str, Any]:
    return {"purchase": purchase_id, "record": record, "part": part}


def parts_of(count: int) -> range:
    """The numbers of the files that so many statements fill."""
    return range(1, 2 + max(count - 1, 0) // MOST_IN_ZIP)


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    purchase = await session.get(Purchase, (group_of(session), terms["purchase"]))
    if purchase is None:
        raise NotFound
    record = await find_record(session, purchase.id, terms["record"])
    part, (count, _) = terms["part"], await count_statements(session, record)
    booked = await read_booked(session, purchase, record, now)
    more = f"-{part}" if len(parts_of(count)) > 1 else ""
    return Prepared(
        name=f"{purchase.reference}-etat-{record.number}-releves{more}.zip",
        media_type=ZIP,
        rows=min(count - MOST_IN_ZIP * (part - 1), MOST_IN_ZIP),
        figures_at=record.frozen_at,
        write=partial(_zip, booked, part),
    )


def _zip(booked: BookedRecord, part: int, progress: Progress) -> bytes:
    entries = islice(booked.entries(), MOST_IN_ZIP * (part - 1), MOST_IN_ZIP * part)
    return write_statements(booked, entries, progress)


def write_statements(booked: BookedRecord, entries: Iterable[Entry], progress: Progress) -> bytes:
    """Their PDF files in one ZIP file."""
    target, at = io.BytesIO(), booked.record.frozen_at.astimezone(booked.zone).timetuple()[:6]
    setter = Setter(TEMPLATE)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # a PDF is compressed already
        for entry in entries:
            archive.writestr(zipfile.ZipInfo(f"{entry.number}.pdf", at), statement_pdf(booked, entry, setter))
            progress(1)
    return target.getvalue()


STATEMENTS = ExportKind(KIND, _prepare)

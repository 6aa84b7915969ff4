"""All statements of a frozen allocation in ZIP files that are written apart, so many in each."""

from collections.abc import Iterable, Iterator, Mapping
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
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.models import AllocationShare
from pooling.allocation.page import OnCosts
from pooling.allocation.records.long_files import LONG_FILES, Asked, LongFile, ask_long_file, record_number
from pooling.allocation.records.opening import FoundRecord, find_record
from pooling.exports.kinds import ExportKind, Prepared, Progress
from pooling.exports.zips import MOST_IN_ZIP, ZIP, parts_of, places_of, zipped
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.text import whole_number
from pooling.members.features import features_for
from pooling.purchases.models import Purchase
from pooling.web.pdf import Setter

KIND = "statements"


async def count_statements(session: AsyncSession, record: FoundRecord) -> tuple[int, int]:
    """How many members have one, and how many have nothing that one would say."""
    counted = select(func.count().filter(has_statement(record)), func.count()).where(
        col(AllocationShare.allocation_id) == record.id
    )
    having, everybody = (await session.execute(counted)).one()
    return having, everybody - having


async def _prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    purchase = await session.get(Purchase, (group_of(session), terms["purchase"]))
    if purchase is None:
        raise NotFound
    record = await find_record(session, purchase.id, terms["record"])
    part, (count, _) = terms["part"], await count_statements(session, record)
    finance = features_for(session).configuration(FinanceConfiguration)
    booked = await read_booked(session, purchase, record, now, finance)
    more = f"-{part}" if len(parts_of(count)) > 1 else ""
    return Prepared(
        name=f"{purchase.reference}-etat-{record.number}-releves{more}.zip",
        media_type=ZIP,
        rows=min(count - MOST_IN_ZIP * (part - 1), MOST_IN_ZIP),
        figures_at=record.frozen_at,
        write=partial(_zip, booked, part),
    )


def _zip(booked: BookedRecord, part: int, progress: Progress) -> bytes:
    places = places_of(part)
    return write_statements(booked, islice(booked.entries(), places.start, places.stop), progress)


def write_statements(booked: BookedRecord, entries: Iterable[Entry], progress: Progress) -> bytes:
    """Their PDF files in one ZIP file."""
    return zipped(_files(booked, entries), booked.record.frozen_at.astimezone(booked.zone), progress)


def _files(booked: BookedRecord, entries: Iterable[Entry]) -> Iterator[tuple[str, bytes]]:
    setter = Setter(TEMPLATE)
    for entry in entries:
        yield f"{entry.number}.pdf", statement_pdf(booked, entry, setter)


async def _ask(here: OnCosts, asked: Asked) -> int:
    record = await find_record(here.session, here.purchase.id, record_number(asked("etat")))
    count, _ = await count_statements(here.session, record)
    part = whole_number(asked("part"), 6)
    if part not in parts_of(count):
        raise NotFound
    return await ask_long_file(here, KIND, {"record": record.number, "format": "zip", "part": part})


STATEMENTS = ExportKind(KIND, _prepare)
LONG_FILES[KIND] = LongFile(lambda terms: f"Relevés, fichier {terms['part']}", _ask, ("zip",))

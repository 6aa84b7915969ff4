"""The finance workbook as a file that is written apart: who may ask for it, and what it holds."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase, sees_all_costs
from pooling.allocation.booking import Bookkeeping
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import spool_current
from pooling.allocation.filing import books_now, books_of_record
from pooling.allocation.models import AllocationRecord
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.downloads import KINDS
from pooling.allocation.records.long_files import (
    LONG_FILES,
    Asked,
    LongFile,
    Terms,
    format_asked,
    purchase_of,
    record_number,
)
from pooling.allocation.records.opening import details_of, find_record, spool_record, workbook_rows
from pooling.allocation.records.provenance import Provenance, of_estimate, of_record
from pooling.allocation.records.workbook import BookKind, write_allocation_csv
from pooling.allocation.records.workbook_file import BOOKS, allocation_book
from pooling.exports.asking import ask_export
from pooling.exports.kinds import ExportKind, Prepared, Progress
from pooling.exports.models import Export
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.members.models import Group
from pooling.members.rights import Caller
from pooling.needs.details import SaidLine, filed_details
from pooling.outbox.mail import FICTIONAL

KIND = "allocation"


def record_of(export: Export) -> int | None:
    """The number of the frozen allocation; None: the figures of the moment at which it is written."""
    number: int | None = export.terms.get("record")
    return number


async def ask_workbook(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    now: datetime,
    *,
    record: int | None = None,
    kind: str = "xlsx",
) -> int:
    """Asks for a purchase's book, or for all that is booked as CSV, of a frozen record or of the figures at the moment
    it will be written; returns its id. Who asks for what is under way, or for a record's that is ready, is given that
    one.

    Raises:
        Forbidden: the caller does not see every member's share.
        NotFound: the purchase has no such record.
    """
    may_see_every_share.require(caller, await sees_all_costs(session, caller, purchase_id))
    if record is not None:
        await _require_record(session, purchase_id, record)
    terms = {"purchase": purchase_id, "record": record, **({} if kind == "xlsx" else {"format": kind})}
    return await ask_export(session, KIND, terms, caller.person_id, now, unchanging=record is not None)


async def _require_record(session: AsyncSession, purchase_id: int, number: int) -> None:
    found = await session.execute(
        select(col(AllocationRecord.id)).where(
            col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.number) == number
        )
    )
    if found.first() is None:
        raise NotFound


async def _ask(here: OnCosts, asked: Asked) -> int:
    typed = asked("etat")
    record = record_number(typed) if typed else None
    kind = format_asked(asked, FORMATS)
    return await ask_workbook(here.session, here.caller, here.purchase.id, here.now, record=record, kind=kind)


def _title(terms: Terms) -> str:
    return "Détail de la répartition" if terms.get("format") == "csv" else "Classeur de la répartition"


FORMATS = (*BOOKS, "csv")
LONG_FILES[KIND] = LongFile(_title, _ask, FORMATS)


def workbook_kind(finance: FinanceConfiguration) -> ExportKind:
    """How the worker writes one."""

    async def prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
        purchase = await purchase_of(session, terms)
        group = await session.get_one(Group, group_of(session))
        zone, number, kind = group.zone, terms["record"], terms.get("format", "xlsx")
        if number is None:
            current, allocation = await spool_current(session, purchase.id, finance)
            rows, figures_at = current.workbook_rows, now
            said = await filed_details(session, purchase.id)
            allocation, books = await books_now(session, purchase.id, allocation, finance, said)
            provenance = of_estimate(allocation, group.name, zone, figures_at)
        else:
            record = await find_record(session, purchase.id, number)
            allocation = await spool_record(session, record)
            rows, figures_at = await workbook_rows(session, record), record.frozen_at
            said = await details_of(session, record)
            assert record.stated is not None, "it was told"
            books = await books_of_record(session, record.id, record.stated, allocation, said)
            provenance = of_record(record, allocation, group.name, zone)
        what = f"etat-{number}" if number else "repartition-estimee"
        return Prepared(
            name=f"{purchase.reference}-{what}.{kind}",
            media_type=KINDS[kind],
            rows=rows,
            figures_at=figures_at,
            write=lambda progress: _bytes(
                allocation, provenance, progress, said, books, kind, fictional=group.fictional
            ),
        )

    return ExportKind(KIND, prepare)


def _bytes(
    allocation: StatedPurchase,
    provenance: Provenance,
    progress: Progress,
    said: Sequence[SaidLine],
    books: Bookkeeping,
    kind: str,
    *,
    fictional: bool,
) -> bytes:
    target = io.BytesIO()
    if kind == "csv":
        notice, labels = FICTIONAL if fictional else None, allocation.labels
        write_allocation_csv(target, allocation.result, labels, "detail", notice, provenance, books, progress)
    else:
        book: BookKind = "ods" if kind == "ods" else "xlsx"
        about = (target, allocation, provenance)
        allocation_book(*about, fictional=fictional, progress=progress, said=said, books=books, kind=book)
    return target.getvalue()

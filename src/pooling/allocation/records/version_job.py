"""Freezing an allocation of many members: the worker's work, followed on a page. Its file has a row per member, and may
be asked for of any frozen allocation.
"""

from collections.abc import Coroutine
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.page import OnCosts
from pooling.allocation.records.downloads import KINDS
from pooling.allocation.records.freezing import FiguresMoved, Why, freeze_as_asked
from pooling.allocation.records.long_files import (
    LONG_FILES,
    Asked,
    LongFile,
    Terms,
    ask_long_file,
    in_memory,
    purchase_of,
    record_number,
)
from pooling.allocation.records.opening import find_record, spool_record
from pooling.allocation.records.provenance import of_record
from pooling.allocation.records.workbook import write_allocation_csv
from pooling.exports.asking import ask_export
from pooling.exports.kinds import ExportKind, Gathering, Prepared, Progress
from pooling.exports.models import UNDER_WAY, Export
from pooling.kernel.apart import apart, followed
from pooling.kernel.database import group_of
from pooling.members.entrance import caller_of
from pooling.members.models import Group
from pooling.members.rights import Caller
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.permissions import may_run

VERSION, FORMAT = "version", "csv"


async def ask_freezing(
    session: AsyncSession, caller: Caller, purchase_id: int, now: datetime, shown: str, why: Why
) -> int:
    """Asks for what a page showed to be frozen; returns the work's id. Who asks for what is under way is given that.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
    """
    terms = {"purchase": purchase_id, "shown": shown, "format": FORMAT, **why._asdict()}
    may_run.require(caller, await purchase_of(session, terms))
    return await ask_export(session, VERSION, terms, caller.person_id, now, unchanging=False)


async def freezing_under_way(session: AsyncSession, purchase_id: int) -> int | None:
    """The id of the work that freezes this purchase now."""
    found = await session.execute(
        select(col(Export.id)).where(
            col(Export.kind) == VERSION,
            col(Export.terms).contains({"purchase": purchase_id}),
            col(Export.terms)["record"].as_integer().is_(None),
            col(Export.state).in_(UNDER_WAY),
        )
    )
    return found.scalars().first()


def version_kind(finance: FinanceConfiguration) -> ExportKind:
    """How the worker freezes one, and writes its file."""
    return ExportKind(VERSION, _prepare, partial(_gather, finance))


async def _gather(finance: FinanceConfiguration, work: Gathering) -> None:
    """Freezes, unless that is done, in a process apart: by whoever asked, with the rights of the moment.

    Raises:
        Forbidden, FiguresMoved, Conflict: as `freeze_allocation`.
    """
    if "record" in work.terms:
        return
    async with work.database.transaction(work.group_id) as session:
        caller = await caller_of(session, work.asked_by, work.group_id)
    given = (caller, work.export_id, dict(work.terms), finance)  # of the session, only whose it is and where

    def freezing(path: str) -> Coroutine[Any, Any, bool]:
        return apart(session, freeze_as_asked, *given, path)

    if not await followed(freezing, lambda far: work.tell(far, 100)):
        raise FiguresMoved


async def _prepare(session: AsyncSession, terms: Terms, now: datetime) -> Prepared:  # noqa: ARG001 - of the record's day
    purchase = await purchase_of(session, terms)
    record = await find_record(session, purchase.id, terms["record"])
    allocation = await spool_record(session, record, only_sums=True)
    group = await session.get_one(Group, group_of(session))
    notice = FICTIONAL if group.fictional else None
    provenance = of_record(record, allocation, group.name, group.zone)

    def write(target: BinaryIO, progress: Progress) -> None:
        told, labels = allocation.result, allocation.labels
        write_allocation_csv(target, told, labels, "summary", notice, provenance, progress=progress)

    return Prepared(
        name=f"{purchase.reference}-etat-{record.number}.{FORMAT}",
        media_type=KINDS[FORMAT],
        rows=len(allocation.result.members),
        figures_at=record.frozen_at,
        write=in_memory(write),
    )


async def _ask(here: OnCosts, asked: Asked) -> int:
    number = record_number(asked("etat"))
    await find_record(here.session, here.purchase.id, number)
    return await ask_long_file(here, VERSION, {"record": number, "format": FORMAT})


def _title(terms: Terms) -> str:
    return "Répartition, une ligne par membre" if "record" in terms else "Nouvel état de répartition"


LONG_FILES[VERSION] = LongFile(_title, _ask, (FORMAT,))

"""Writing the workbooks that were asked for, under leases: one at a time, in a thread beside the event loop.

A claim is committed before the work begins and each report prolongs it, so that what a killed worker leaves is begun
again by another once its lease runs out. What was not finished left nothing behind.
"""

import asyncio
import io
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import read_current
from pooling.allocation.models import Export, ExportContent, ExportState
from pooling.allocation.records.freezing import open_record
from pooling.allocation.records.provenance import Provenance, of_estimate, of_record
from pooling.allocation.records.workbook import row_count
from pooling.allocation.records.workbook_file import allocation_xlsx
from pooling.kernel.clock import Clock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, DomainError
from pooling.kernel.limits import Readers, limit
from pooling.members.models import Group
from pooling.purchases.models import Purchase

log = logging.getLogger(__name__)

LEASE = limit(
    timedelta(minutes=2), "A worker that writes a long workbook is silent, then replaced", __name__, Readers.OPERATORS
)
"""Longer than reading the figures and sharing them may take; once rows are written it is prolonged all along."""
REPORT_SECONDS = 2
MOST_TRIES = limit(5, "Tries of a long workbook", __name__, Readers.OPERATORS)
"""A workbook that no worker survives must not be begun for ever."""
FAILED = (
    "Il n’a pas pu être écrit, et l’incident est noté. Redemandez-le\u00a0; s’il échoue encore, prévenez la personne "
    "qui administre cette installation."
)

_CLAIM = text("SELECT in_group, export_id FROM claim_export(:lease, :now, :until)")


@dataclass(frozen=True)
class _Held:
    """A workbook that this worker has claimed."""

    lease: str
    group_id: int
    export_id: int


@dataclass(frozen=True)
class _Figures:
    """What a workbook holds, where it comes from, and whether its group is fictional."""

    allocation: StatedPurchase
    provenance: Provenance
    fictional: bool


class _LeaseLost(Exception):
    """It took too long, and another worker has begun again."""


class _Stopped(Exception):
    pass


class _Progress:
    """What the thread that writes and the event loop beside it tell each other."""

    done = 0
    stopped = False

    def count(self, rows: int) -> None:
        self.done += rows
        if self.stopped:
            raise _Stopped


async def write_exports(database: Database, clock: Clock, finance: FinanceConfiguration) -> int:
    """Writes every workbook that waits, of any group; returns how many are ready.

    Safe to run many times at once, to cancel and to kill.
    """
    ready = 0
    while (held := await _claim(database, clock)) is not None:
        ready += await _write(database, clock, finance, held)
    return ready


async def _claim(database: Database, clock: Clock) -> _Held | None:
    lease, now = uuid4().hex, clock.now()
    async with database.transaction() as session:
        claimed = (await session.execute(_CLAIM, {"lease": lease, "now": now, "until": now + LEASE})).first()
    return _Held(lease, *claimed) if claimed else None


async def _write(database: Database, clock: Clock, finance: FinanceConfiguration, held: _Held) -> bool:
    """Whether it is ready in the end."""
    try:
        figures = await _figures(database, clock, finance, held)
        content = await _content(database, clock, held, figures)
        await _keep(database, clock, held, content)
    except _LeaseLost:
        log.warning("workbook %s of group %s is another worker's by now", held.export_id, held.group_id)
        return False
    except DomainError as refusal:
        await _fail(database, clock, held, refusal.message)
        return False
    except asyncio.CancelledError:
        await _free(database, held)
        raise
    except Exception:
        log.exception("workbook %s of group %s failed", held.export_id, held.group_id)
        await _fail(database, clock, held, FAILED)
        return False
    return True


async def _figures(database: Database, clock: Clock, finance: FinanceConfiguration, held: _Held) -> _Figures:
    """What is to be written."""
    async with database.transaction(held.group_id) as session:
        export = await session.get_one(Export, (held.group_id, held.export_id))
        if export.tries > MOST_TRIES:
            raise Conflict(FAILED)
        group = await session.get_one(Group, held.group_id)
        purchase = await session.get_one(Purchase, (held.group_id, export.purchase_id))
        figures_at = clock.now()
        allocation: StatedPurchase
        if export.record is None:
            allocation = await read_current(session, purchase.id, finance)
            provenance = of_estimate(allocation, group.name, ZoneInfo(group.timezone), figures_at)
        else:
            record = await open_record(session, purchase.id, export.record)
            allocation, figures_at = record.allocation, record.shown.frozen_at
            provenance = of_record(record, group.name, ZoneInfo(group.timezone))
        total, until = row_count(allocation.result), clock.now() + LEASE
        await _change(session, held, rows_total=total, figures_at=figures_at, lease_until=until)
        return _Figures(allocation, provenance, group.fictional)


async def _content(database: Database, clock: Clock, held: _Held, figures: _Figures) -> bytes:
    """The file, written in a thread; meanwhile says how far it is."""
    progress = _Progress()
    writing = asyncio.create_task(asyncio.to_thread(_bytes, figures, progress.count))
    try:
        while not (await asyncio.wait({writing}, timeout=REPORT_SECONDS))[0]:
            async with database.transaction(held.group_id) as session:
                await _change(session, held, rows_done=progress.done, lease_until=clock.now() + LEASE)
        return writing.result()
    finally:
        progress.stopped = True  # a thread cannot be cancelled: it is asked to end
        writing.cancel()


def _bytes(figures: _Figures, progress: Callable[[int], None]) -> bytes:
    target = io.BytesIO()
    allocation_xlsx(target, figures.allocation, figures.provenance, fictional=figures.fictional, progress=progress)
    return target.getvalue()


async def _keep(database: Database, clock: Clock, held: _Held, content: bytes) -> None:
    async with database.transaction(held.group_id) as session:
        row = {"group_id": held.group_id, "export_id": held.export_id, "content": content}
        await session.execute(insert(ExportContent).values(row))
        await _change(session, held, state=ExportState.READY, lease=None, size=len(content), ended_at=clock.now())


async def _fail(database: Database, clock: Clock, held: _Held, reason: str) -> None:
    with suppress(_LeaseLost):
        async with database.transaction(held.group_id) as session:
            await _change(session, held, state=ExportState.FAILED, lease=None, reason=reason, ended_at=clock.now())


async def _free(database: Database, held: _Held) -> None:
    """Gives it back: the next minute, or another worker, begins again."""
    with suppress(_LeaseLost):
        async with database.transaction(held.group_id) as session:
            await _change(session, held, state=ExportState.WAITING, lease=None, rows_done=0)


async def _change(session: AsyncSession, held: _Held, **values: object) -> None:
    """Changes the row while it is ours.

    Raises:
        _LeaseLost: it is not any more.
    """
    changed = await session.execute(
        update(Export)
        .where(col(Export.id) == held.export_id, col(Export.lease) == held.lease)
        .values(values)
        .returning(col(Export.id))
        .execution_options(synchronize_session=False)
    )
    if changed.scalar_one_or_none() is None:
        raise _LeaseLost

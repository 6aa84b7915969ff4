"""Workbooks too long to write while somebody waits: asked for, found again, forgotten. `export_job.py` writes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import sees_all_costs
from pooling.allocation.models import UNDER_WAY, AllocationRecord, Export, ExportContent, ExportState
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Forbidden, NotFound
from pooling.kernel.limits import Readers, limit
from pooling.members.rights import Caller

KEPT = limit(timedelta(days=7), "A long workbook is kept", __name__, Readers.OPERATORS)
"""How long a workbook can be downloaded; afterwards it is asked for again."""
SHOWN_AT_MOST = 20
LARGEST_ID = 2**63 - 1


async def ask_export(
    session: AsyncSession, caller: Caller, purchase_id: int, now: datetime, *, record: int | None = None
) -> int:
    """Asks for a purchase's workbook, of a frozen record or of the figures at the moment it will be written; returns
    its id. Who asks for what is under way, or for a record's that is ready, is given that one.

    Raises:
        Forbidden: the caller does not see every member's share.
        NotFound: the purchase has no such record.
    """
    if not await sees_all_costs(session, caller, purchase_id):
        raise Forbidden
    as_good = UNDER_WAY
    if record is not None:
        await _require_record(session, purchase_id, record)
        as_good = UNDER_WAY | {ExportState.READY}
    asked = insert(Export).values(
        group_id=group_of(session),
        purchase_id=purchase_id,
        record=record,
        asked_by=caller.person_id,
        asked_at=now,
        state=ExportState.WAITING,
        tries=0,
        rows_done=0,
        rows_total=0,
    )
    same = (
        select(col(Export.id))
        .where(
            col(Export.purchase_id) == purchase_id,
            col(Export.record).is_not_distinct_from(record),
            col(Export.state).in_(as_good),
        )
        .order_by(col(Export.id).desc())
        .limit(1)
    )
    while True:  # what is under way may end between the two statements
        found: int | None = (await session.execute(same)).scalar_one_or_none()
        if found is None:
            written = await session.execute(asked.on_conflict_do_nothing().returning(col(Export.id)))
            found = written.scalar_one_or_none()
        if found is not None:
            return found


async def _require_record(session: AsyncSession, purchase_id: int, number: int) -> None:
    found = await session.execute(
        select(col(AllocationRecord.id)).where(
            col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.number) == number
        )
    )
    if found.first() is None:
        raise NotFound


async def find_export(session: AsyncSession, caller: Caller, purchase_id: int, export_id: int) -> Export:
    """A workbook of this purchase.

    Raises:
        Forbidden: the caller does not see every member's share (any more).
        NotFound: the purchase has none with this id, or it is forgotten.
    """
    if not await sees_all_costs(session, caller, purchase_id):
        raise Forbidden
    export = await session.get(Export, (group_of(session), export_id)) if 0 < export_id <= LARGEST_ID else None
    if export is None or export.purchase_id != purchase_id:
        raise NotFound
    return export


async def latest_exports(session: AsyncSession, caller: Caller, purchase_id: int) -> Sequence[Export]:
    """The purchase's workbooks, the newest first.

    Raises:
        Forbidden: the caller does not see every member's share.
    """
    if not await sees_all_costs(session, caller, purchase_id):
        raise Forbidden
    found = await session.execute(
        select(Export)
        .where(col(Export.purchase_id) == purchase_id)
        .order_by(col(Export.id).desc())
        .limit(SHOWN_AT_MOST)
    )
    return found.scalars().all()


async def content_of(session: AsyncSession, export: Export) -> bytes:
    """The file.

    Raises:
        NotFound: it is not ready.
    """
    found = await session.execute(select(col(ExportContent.content)).where(col(ExportContent.export_id) == export.id))
    content = found.scalar_one_or_none()
    if content is None:
        raise NotFound
    return content


async def forget_exports(session: AsyncSession, clock: Clock) -> None:
    """A chore: what ended long enough ago goes, with its file."""
    await session.execute(
        delete(Export).where(col(Export.ended_at) <= clock.now() - KEPT),
        execution_options={"synchronize_session": False},
    )

"""Asked for, found again, forgotten. Who may is for each kind's feature to say, each time. `writing.py` writes them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.exports.models import UNDER_WAY, Export, ExportState
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.files import File, file_with_content, remove_files
from pooling.kernel.limits import Readers, limit
from pooling.kernel.tables import known_id, linked

KEPT = limit(timedelta(days=7), "A long workbook is kept", __name__, Readers.OPERATORS)
"""How long a file can be downloaded; afterwards it is asked for again."""
SHOWN_AT_MOST = 20


async def ask_export(
    session: AsyncSession, kind: str, terms: Mapping[str, Any], person_id: int, now: datetime, *, unchanging: bool
) -> int:
    """Asks for a file; returns its id. Whoever asks for what is under way is given that one; and one that is ready,
    where it would be the same for ever (`unchanging`).
    """
    as_good = UNDER_WAY | ({ExportState.READY} if unchanging else set())
    asked = insert(Export).values(
        group_id=group_of(session),
        kind=kind,
        terms=dict(terms),
        asked_by=person_id,
        asked_at=now,
        state=ExportState.WAITING,
        tries=0,
        rows_done=0,
        rows_total=0,
    )
    same = (
        select(col(Export.id))
        .where(col(Export.kind) == kind, col(Export.terms) == dict(terms), col(Export.state).in_(as_good))
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


async def find_export(
    session: AsyncSession, kind: str | Collection[str], export_id: int, of: Mapping[str, Any]
) -> tuple[Export, int | None]:
    """One of this kind, or of these, whose terms say so, with its size in bytes once it is ready.

    Raises:
        NotFound: there is none with this id, or it is forgotten.
    """
    found = await session.execute(_of(kind, of).where(col(Export.id) == known_id(export_id)))
    for export, size in found:
        return export, size
    raise NotFound


async def latest_exports(
    session: AsyncSession, kind: str | Collection[str], of: Mapping[str, Any]
) -> Sequence[tuple[Export, int | None]]:
    """The same of several, the newest first."""
    found = await session.execute(_of(kind, of).order_by(col(Export.id).desc()).limit(SHOWN_AT_MOST))
    return [(export, size) for export, size in found]


def _of(kind: str | Collection[str], of: Mapping[str, Any]) -> Select[Export, int | None]:
    return (
        select(Export, col(File.size))
        .outerjoin(File, linked(File.id, Export.file_id))
        .where(col(Export.kind).in_({kind} if isinstance(kind, str) else kind), col(Export.terms).contains(dict(of)))
    )


async def file_of(session: AsyncSession, export: Export) -> tuple[File, bytes]:
    """The file.

    Raises:
        NotFound: it is not ready.
    """
    if export.file_id is None:
        raise NotFound
    return await file_with_content(session, export.file_id)


async def forget_exports(session: AsyncSession, clock: Clock) -> None:
    """A chore: what ended long enough ago goes, with its file."""
    gone = await session.execute(
        delete(Export)
        .where(col(Export.ended_at) <= clock.now() - KEPT)
        .returning(col(Export.file_id))
        .execution_options(synchronize_session=False)
    )
    await remove_files(session, [file_id for file_id in gone.scalars() if file_id is not None])

"""Writing the files that were asked for, under leases: one at a time, in a thread beside the event loop.

Each report prolongs the lease, so that what a killed worker leaves is begun again by another once its lease runs out.
What was not finished left nothing behind.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.exports.kinds import ExportKind, Gathering, Prepared, Transliterated
from pooling.exports.models import Export, ExportState
from pooling.kernel.clock import Clock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, DomainError
from pooling.kernel.files import keep_file
from pooling.kernel.leases import Lease
from pooling.kernel.limits import Readers, limit
from pooling.kernel.replica import read_beside

log = logging.getLogger(__name__)

LEASE = limit(
    timedelta(minutes=2), "A worker that writes a long workbook is silent, then replaced", __name__, Readers.OPERATORS
)
"""Longer than reading what is to be written may take; once rows are written it is prolonged all along."""
REPORT_SECONDS = 2
MOST_TRIES = limit(5, "Tries of a long workbook", __name__, Readers.OPERATORS)
"""A file that no worker survives must not be begun for ever."""
FAILED = (
    "Il n’a pas pu être écrit, et l’incident est noté. Redemandez-le\u00a0; s’il échoue encore, prévenez la personne "
    "qui administre cette installation."
)


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


async def write_exports(
    database: Database, clock: Clock, kinds: Sequence[ExportKind], *, replica: Database | None = None
) -> int:
    """Writes every file that waits, of any group; returns how many are ready. What they say is read from the replica,
    where there is one.

    Safe to run many times at once, to cancel and to kill.
    """
    by_name, ready = {kind.name: kind for kind in kinds}, 0
    while (held := await _claim(database, replica, clock)) is not None:
        ready += await held.write(by_name)
    return ready


async def _claim(database: Database, replica: Database | None, clock: Clock) -> "_Held | None":
    lease = Lease("exports", LEASE)
    async with database.transaction() as session:
        claimed = await lease.claim(session, clock.now())
    if not claimed:
        return None
    return _Held(database, replica, clock, lease, claimed[0]["in_group"], claimed[0]["export_id"])


@dataclass(frozen=True)
class _Held:
    """A file that this worker has claimed."""

    database: Database
    replica: Database | None
    clock: Clock
    lease: Lease
    group_id: int
    export_id: int

    async def write(self, kinds: dict[str, ExportKind]) -> bool:
        """Whether it is ready in the end."""
        try:
            await self._gather(kinds)
            prepared = await self._prepare(kinds)
            await self._keep(prepared, await self._content(prepared))
        except _LeaseLost:
            log.warning("export %s of group %s is another worker's by now", self.export_id, self.group_id)
            return False
        except DomainError as refusal:
            await self._end(ExportState.FAILED, reason=refusal.message)
            return False
        except asyncio.CancelledError:
            await self._end(ExportState.WAITING)  # the next minute, or another worker, begins again
            raise
        except Exception:
            log.exception("export %s of group %s failed", self.export_id, self.group_id)
            await self._end(ExportState.FAILED, reason=FAILED)
            return False
        return True

    async def _gather(self, kinds: dict[str, ExportKind]) -> None:
        """Does what comes before, where there is something."""
        async with self.database.transaction(self.group_id) as session:
            export = await session.get_one(Export, (self.group_id, self.export_id))
            if export.tries > MOST_TRIES:
                raise Conflict(FAILED)
        if (gather := kinds[export.kind].gather) is not None:
            asked = (self.group_id, self.export_id, export.asked_by, export.terms)
            await gather(Gathering(self.database, *asked, self.clock, self._tell))

    async def _tell(self, done: int, total: int) -> None:
        async with self.database.transaction(self.group_id) as session:
            await self._report(session, rows_done=done, rows_total=total)

    async def _prepare(self, kinds: dict[str, ExportKind]) -> Prepared:
        """Reads what is to be written."""

        async def read(session: AsyncSession) -> Prepared:
            export = await session.get_one(Export, (self.group_id, self.export_id))
            return await kinds[export.kind].prepare(session, export.terms, self.clock.now())

        prepared = await read_beside(self.database, self.replica, self.group_id, read)
        async with self.database.transaction(self.group_id) as session:
            await self._report(session, rows_total=prepared.rows, figures_at=prepared.figures_at)
        return prepared

    async def _content(self, prepared: Prepared) -> bytes | Transliterated:
        """The file, written in a thread; meanwhile says how far it is."""
        progress = _Progress()
        writing = asyncio.create_task(asyncio.to_thread(prepared.write, progress.count))
        try:
            while not (await asyncio.wait({writing}, timeout=REPORT_SECONDS))[0]:
                async with self.database.transaction(self.group_id) as session:
                    await self._report(session, rows_done=progress.done)
            return writing.result()
        finally:
            progress.stopped = True  # a thread cannot be cancelled: it is asked to end
            writing.cancel()

    async def _keep(self, prepared: Prepared, written: bytes | Transliterated) -> None:
        now = self.clock.now()
        content, changed = written if isinstance(written, Transliterated) else (written, None)
        async with self.database.transaction(self.group_id) as session:
            file = await keep_file(session, prepared.name, prepared.media_type, content, now)
            await self._report(session, file_id=file.id, transliterated=changed)
            await self._settle(session, ExportState.READY)

    async def _end(self, state: ExportState, reason: str | None = None) -> None:
        with suppress(_LeaseLost):
            async with self.database.transaction() as session:
                await self._settle(session, state, reason)

    async def _report(self, session: AsyncSession, **values: object) -> None:
        if not await self.lease.hold(session, [self.export_id], self.clock.now()):
            raise _LeaseLost
        await session.execute(
            update(Export)
            .where(col(Export.id) == self.export_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )

    async def _settle(self, session: AsyncSession, state: ExportState, reason: str | None = None) -> None:
        now = self.clock.now()
        if not (await self.lease.settle(session, [self.export_id], state, now, reason=reason))[0]:
            raise _LeaseLost

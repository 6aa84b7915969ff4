"""The sweep: over all groups, plans what there is to say, then turns what is due into messages.

Nothing is remembered between two sweeps but rows: it may be run at any time, by several processes at once, be
cancelled or killed.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock, FixedClock
from pooling.kernel.database import Database
from pooling.reminders.kinds import Context, DueReminder, Kind
from pooling.reminders.planning import PlanReport, plan_group
from pooling.reminders.sending import kinds_due, take_due, write_messages
from pooling.reminders.settings import kinds_of_group

log = logging.getLogger(__name__)

BATCH = 500


@dataclass
class SweepReport:
    plan: PlanReport = field(default_factory=PlanReport)
    sent: list[DueReminder] = field(default_factory=list)
    """Turned into messages; in a preview, what would be."""
    unwritten: int = 0
    """Due, but their mails could not be written: they stay planned (the log says why)."""
    unswept: int = 0
    """Groups whose turn was cut short (the log says why)."""


class _NothingKept(Exception):
    pass


Chore = Callable[[AsyncSession, Clock], Awaitable[object]]
"""What else is to be done in every group when its time has come, for example closing a collection."""


async def sweep(
    database: Database,
    kinds: Sequence[Kind],
    clock: Clock,
    *,
    base_url: str,
    chores: Sequence[Chore] = (),
    batch: int = BATCH,
) -> SweepReport:
    """Does the chores and sends the reminders of every group."""
    report = SweepReport()
    async for context in _groups(database, base_url, clock.now()):
        for chore in chores:
            await _do(database, chore, context, clock)
        try:
            await _sweep_group(database, kinds, context, report, batch)
        except Exception:  # such as a connection that was cut: the other groups must not wait a minute for this one
            log.exception("the sweep of group %s failed", context.group_id)
            report.unswept += 1
    return report


async def _sweep_group(
    database: Database, kinds: Sequence[Kind], context: Context, report: SweepReport, batch: int
) -> None:
    async with database.transaction(context.group_id) as session:
        wanted = await kinds_of_group(session, kinds)
        report.plan.add(await plan_group(session, wanted, context.zone, context.now))
        due = await kinds_due(session, context.now)
    for kind in wanted:
        if kind.name in due:
            await _send_due(database, kind, context, report, batch)


async def preview_sweep(
    database: Database, kinds: Sequence[Kind], *, base_url: str, now: datetime, chores: Sequence[Chore] = ()
) -> SweepReport:
    """What a sweep would send at that moment, its chores done. Nothing is kept."""
    report = SweepReport()
    async for context in _groups(database, base_url, now):
        with suppress(_NothingKept):
            async with database.transaction(context.group_id) as session:
                for chore in chores:
                    with _logged(chore, context):
                        async with session.begin_nested():
                            await chore(session, FixedClock(now))
                wanted = await kinds_of_group(session, kinds)
                report.plan.add(await plan_group(session, wanted, context.zone, now))
                for kind in wanted:
                    report.sent += await take_due(session, kind, context, after=0, most=_ALL)
                raise _NothingKept
    return report


_ALL = 2**31 - 1


async def _do(database: Database, chore: Chore, context: Context, clock: Clock) -> None:
    with _logged(chore, context):
        async with database.transaction(context.group_id) as session:
            await chore(session, clock)


@contextmanager
def _logged(chore: Chore, context: Context) -> Iterator[None]:
    try:
        yield
    except Exception:  # the next minute tries again; the others must not wait for it
        log.exception("%s failed in group %s", getattr(chore, "__name__", chore), context.group_id)


async def _send_due(database: Database, kind: Kind, context: Context, report: SweepReport, batch: int) -> None:
    """One transaction a batch, in order of id, so that what cannot be written is passed and not met again."""
    last = 0
    while True:
        async with database.transaction(context.group_id) as session:
            due = await take_due(session, kind, context, after=last, most=batch)
            written = await write_messages(session, kind, due, context) if due else []
        report.sent += written
        report.unwritten += len(due) - len(written)
        if len(due) < batch:
            return
        last = due[-1].id


async def _groups(database: Database, base_url: str, now: datetime) -> AsyncIterator[Context]:
    async with database.transaction() as session:
        groups = (await session.execute(text("SELECT id, slug, name, timezone, fictional FROM all_groups()"))).all()
    for group_id, slug, name, timezone, fictional in groups:
        yield Context(group_id, slug, name, ZoneInfo(timezone), fictional, base_url, now)

"""The worker: what it does every minute and when the bell rings. All its work is in rows; see `pooling.reminders`.

Several may run at once, in processes of their own or inside the demonstration's. Stopping one cancels what it is
doing, which every job of ours bears at any moment: the next minute, or another worker, goes on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial, wraps
from typing import Any, cast
from zoneinfo import ZoneInfo

from arq import cron, func
from arq.connections import ArqRedis
from arq.typing import WorkerCoroutine
from arq.worker import Worker

from pooling.allocation.configuration import FinanceConfiguration, read_finance
from pooling.allocation.records.asking import forget_exports
from pooling.allocation.records.writing import write_exports
from pooling.committees.agendas.difficulties import carry_what_is_open
from pooling.committees.convening_notice import schedule_of as convocation_schedule
from pooling.committees.convocations.convening import convene_at
from pooling.committees.invitations.answering import void_lost_proxies
from pooling.committees.invitations.inviting import invite_newcomers
from pooling.home.purging import purge as purge_people
from pooling.home.reminder_kinds import reminder_kinds
from pooling.kernel.bell import Bell, deserialize, redis_settings, serialize
from pooling.kernel.clock import Clock, SystemClock
from pooling.kernel.database import Database
from pooling.needs.collection import close_what_is_due
from pooling.outbox.delivery import DeliveryReport
from pooling.outbox.delivery import deliver as deliver_messages
from pooling.outbox.smtp import smtp_transport
from pooling.outbox.transport import Transport
from pooling.reminders.configuration import read_reminders
from pooling.reminders.kinds import Kind
from pooling.reminders.sweep import Chore, SweepReport
from pooling.reminders.sweep import sweep as sweep_groups
from pooling.settings import Settings

log = logging.getLogger(__name__)

JOB_SECONDS = 600
CONNECTIONS = 2
"""To the mail server, for each worker: one waits for the database while the other sends."""
EXPORT_SECONDS = 3600
CHORES: Sequence[Chore] = (
    close_what_is_due,
    void_lost_proxies,
    invite_newcomers,
    carry_what_is_open,
    forget_exports,
)


class Turn:
    """One at a time in this process; asked for meanwhile, it is done once more, since it may have looked before what
    it was asked for was there.
    """

    def __init__(self) -> None:
        self._taken = False
        self._again = False

    async def take(self, job: Callable[[], Awaitable[None]]) -> None:
        self._again = True
        if self._taken:
            return
        self._taken = True
        try:
            while self._again:
                self._again = False
                await job()
        finally:
            self._taken = False


@dataclass
class Work:
    """What a worker stands on. Without a transport (no mail server is set) mails wait in the outbox."""

    database: Database
    bell: Bell
    transport: Transport | None
    kinds: Sequence[Kind]
    base_url: str
    chores: Sequence[Chore] = CHORES
    purge_after: timedelta = timedelta(days=365)
    clock: Clock = field(default_factory=SystemClock)
    sweeping: Turn = field(default_factory=Turn)
    delivering: Turn = field(default_factory=Turn)
    exporting: Turn = field(default_factory=Turn)
    finance: FinanceConfiguration = field(default_factory=FinanceConfiguration)


def work_of(settings: Settings, database: Database, bell: Bell, *, transport: Transport | None = None) -> Work:
    """What the settings ask for; the demonstration brings its own transport."""
    if transport is None and settings.smtp_url:
        transport = smtp_transport(settings.smtp_url, sender=settings.mail_from, base_url=settings.base_url)
    if transport is None:
        log.warning("POOLING_SMTP_URL is not set: mails wait in the outbox")
    configuration = read_reminders(settings.config_dir)
    chores = (*CHORES, convene_at(convocation_schedule(configuration).hour))
    purge_after = timedelta(days=settings.purge_after_days)
    return Work(
        database,
        bell,
        transport,
        reminder_kinds(configuration),
        settings.base_url,
        chores,
        purge_after=purge_after,
        finance=read_finance(settings.config_dir),
    )


async def sweep(ctx: dict[str, Any]) -> None:
    work: Work = ctx["work"]
    await work.sweeping.take(partial(_sweep, work))


async def _sweep(work: Work) -> None:
    report: SweepReport = await sweep_groups(
        work.database, work.kinds, work.clock, base_url=work.base_url, chores=work.chores
    )
    if report.sent or report.unwritten:
        log.info("reminders: %s written, %s could not be", len(report.sent), report.unwritten)
    if report.sent:
        await work.bell.ring("deliver")


async def deliver(ctx: dict[str, Any]) -> None:
    work: Work = ctx["work"]
    if work.transport is not None:
        await work.delivering.take(partial(_deliver, work, work.transport))


async def _deliver(work: Work, transport: Transport) -> None:
    report: DeliveryReport = await deliver_messages(work.database, transport, work.clock, connections=CONNECTIONS)
    if report != DeliveryReport():
        log.info("mails: %s", report)


async def export(ctx: dict[str, Any]) -> None:
    work: Work = ctx["work"]
    await work.exporting.take(partial(_export, work))


async def _export(work: Work) -> None:
    ready = await write_exports(work.database, work.clock, work.finance)
    if ready:
        log.info("workbooks: %s written", ready)


async def purge(ctx: dict[str, Any]) -> None:
    """Every night: forgets people who left long ago. It crosses groups, so it is no chore of one."""
    work: Work = ctx["work"]
    blanked = await purge_people(work.database, work.clock.now(), work.purge_after)
    if blanked:
        log.info("people blanked: %s", blanked)


JOBS: Sequence[tuple[WorkerCoroutine, int]] = ((sweep, JOB_SECONDS), (deliver, JOB_SECONDS), (export, EXPORT_SECONDS))
"""Every minute and whenever the bell rings."""


def _heard(job: WorkerCoroutine) -> WorkerCoroutine:
    """As the queue starts it: whoever rings from now on wants another run."""

    @wraps(job)
    async def started(ctx: dict[str, Any]) -> None:
        await ctx["work"].bell.hear(job.__qualname__)
        await job(ctx)

    return cast("WorkerCoroutine", started)


def make_worker(work: Work, redis_url: str, *, handle_signals: bool = True) -> Worker:
    """For `run_until_stopped`; signals are not its own in a process that does other things too."""
    return Worker(
        # No result is kept: a kept one would make the bell deaf until it expires.
        functions=[func(_heard(job), timeout=seconds, keep_result=0, max_tries=1) for job, seconds in JOBS],
        cron_jobs=[
            *(
                cron(_heard(job), second=0, run_at_startup=True, timeout=seconds, keep_result=0, max_tries=1)
                for job, seconds in JOBS
            ),
            cron(purge, hour=4, minute=10, second=0, keep_result=0, max_tries=1),
        ],
        redis_settings=redis_settings(redis_url),
        handle_signals=handle_signals,
        job_timeout=JOB_SECONDS,
        retry_jobs=False,
        timezone=ZoneInfo("Europe/Paris"),  # type: ignore[arg-type]  # arq's default is a fixed offset
        job_serializer=serialize,
        job_deserializer=deserialize,
        health_check_interval=60,
        log_results=False,
        ctx={"work": work},
    )


async def run_until_stopped(worker: Worker) -> None:
    """Runs until it is cancelled or, where it handles signals, told to stop; then raises `CancelledError`.

    What it is doing is cancelled, and the mail in hand finished.
    """
    try:
        await worker.async_run()
    finally:
        for task in worker.tasks.values():
            task.cancel()
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        queue: ArqRedis | None = worker.pool  # None when it never answered
        if queue is not None:
            await queue.delete(worker.health_check_key)
            await queue.aclose(close_connection_pool=True)

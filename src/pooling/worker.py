"""The worker: what it does every minute and when the bell rings. All its work is in rows; see `pooling.reminders`.

Several may run at once, in processes of their own or inside the demonstration's. Stopping one cancels what it is
doing, which every job of ours bears at any moment: the next minute, or another worker, goes on. The minute is this
process's own: nothing but PostgreSQL is needed for what is due.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from pooling.accounts.idempotency import forget_keys
from pooling.accounts.keeping import forget_old
from pooling.accounts.own_address import forget_expired
from pooling.accounts.sent_forms import forget_sent
from pooling.exports.kinds import ExportKind
from pooling.exports.writing import write_exports
from pooling.features import FEATURES, FORGETS
from pooling.home.purging import forget_in_groups
from pooling.home.purging import purge as purge_people
from pooling.kernel.bell import Bell
from pooling.kernel.clock import Clock, SystemClock
from pooling.kernel.database import Database
from pooling.kernel.logs import ABOUT
from pooling.kernel.service_manager import tell_manager
from pooling.kernel.stopping import end_if_cancelled
from pooling.members.features import gather_features
from pooling.outbox.delivery import DeliveryReport
from pooling.outbox.delivery import deliver as deliver_messages
from pooling.outbox.envelope import host_of
from pooling.outbox.mailbox import Mailbox
from pooling.outbox.receiving import NoteReply, ReceivingReport
from pooling.outbox.receiving import receive as receive_mails
from pooling.outbox.smtp import smtp_transport
from pooling.outbox.transport import Transport
from pooling.reminders.configuration import read_reminders
from pooling.reminders.kinds import Kind
from pooling.reminders.sweep import Chore, SweepReport
from pooling.reminders.sweep import sweep as sweep_groups
from pooling.settings import Settings
from pooling.webhooks.delivering import Sender, deliver_webhooks

log = logging.getLogger(__name__)

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * 60 * MINUTE
JOB_SECONDS = 600
CONNECTIONS = 2
"""To the mail server, for each worker: one waits for the database while the other sends."""
EXPORT_SECONDS = 3600


@dataclass
class Work:
    """What a worker stands on. Without a transport (no mail server is set) mails wait in the outbox."""

    database: Database
    bell: Bell
    transport: Transport | None
    kinds: Sequence[Kind]
    base_url: str
    chores: Sequence[Chore] = ()
    purge_after: timedelta = timedelta(days=365)
    clock: Clock = field(default_factory=SystemClock)
    exports: Sequence[ExportKind] = ()
    webhooks: Sender | None = None
    """None: other programs are told nothing."""
    replica: Database | None = None
    """Where files of many rows are read, if it is not the database itself."""
    mailbox: Mailbox | None = None
    """None: what is answered to our mails is read by people alone."""
    calendar_replies: Sequence[NoteReply] = ()


def work_of(
    settings: Settings,
    database: Database,
    bell: Bell,
    *,
    transport: Transport | None = None,
    secret_key: str = "",
    replica: Database | None = None,
) -> Work:
    """What the settings ask for; the demonstration brings its own transport. Without the installation's key, which
    opens their secrets, other programs are told nothing.
    """
    if transport is None and settings.smtp_url:
        transport = smtp_transport(settings.smtp_url, sender=settings.mail_from, base_url=settings.base_url)
    if transport is None:
        log.warning("POOLING_SMTP_URL is not set: mails wait in the outbox")
    features = gather_features(FEATURES, settings.config_dir, read_reminders(settings.config_dir))
    handing = database.handing(features)
    return Work(
        handing,
        bell,
        transport,
        features.kinds,
        settings.base_url,
        features.chores,
        purge_after=timedelta(days=settings.purge_after_days),
        exports=features.exports,
        webhooks=Sender(handing, SystemClock(), secret_key, settings.private_webhooks) if secret_key else None,
        replica=replica.handing(features) if replica else None,
        mailbox=Mailbox.at(settings.imap_url) if settings.imap_url else None,
        calendar_replies=features.calendar_replies,
    )


async def sweep(work: Work) -> None:
    report: SweepReport = await sweep_groups(
        work.database, work.kinds, work.clock, base_url=work.base_url, chores=work.chores
    )
    if report.sent or report.unwritten:
        log.info("reminders: %s written, %s could not be", len(report.sent), report.unwritten)
    if report.sent:
        await work.bell.ring("deliver")


async def deliver(work: Work) -> None:
    if work.transport is None:
        return
    report: DeliveryReport = await deliver_messages(work.database, work.transport, work.clock, connections=CONNECTIONS)
    if report != DeliveryReport():
        log.info("mails: %s", report)


async def receive(work: Work) -> None:
    """Mails that came back, and answers of calendars."""
    if work.mailbox is None:
        return
    host = host_of(work.base_url)
    report = await receive_mails(work.database, work.mailbox, work.clock, host, work.calendar_replies)
    if report != ReceivingReport():
        log.info("mailbox: %s", report)


async def export(work: Work) -> None:
    ready = await write_exports(work.database, work.clock, work.exports, replica=work.replica)
    if ready:
        log.info("exports: %s written", ready)


async def announce(work: Work) -> None:
    if work.webhooks is None:
        return
    received = await deliver_webhooks(work.webhooks)
    if received:
        log.info("webhooks: %s received", received)


async def purge(work: Work) -> None:
    """Forgets people who left long ago. It crosses groups, so it is no chore of one."""
    blanked = await purge_people(work.database, FORGETS, work.clock.now(), work.purge_after)
    if blanked:
        log.info("people blanked: %s", blanked)


async def forget_typed(work: Work) -> None:
    """What was typed and kept after a session had ended is nobody's after a day, an address that nobody proved to read
    after its code's time, and where a form led after a minute. What programs were answered is kept a day.
    """
    now = work.clock.now()
    async with work.database.transaction() as session:
        await forget_old(session, now)
        await forget_expired(session, now)
        await forget_sent(session, now)
    await forget_in_groups(work.database, [forget_keys], now)


Job = Callable[[Work], Awaitable[None]]
JOBS: Sequence[tuple[Job, float]] = (
    (sweep, JOB_SECONDS),
    (deliver, JOB_SECONDS),
    (announce, JOB_SECONDS),
    (receive, JOB_SECONDS),
    (export, EXPORT_SECONDS),
)
"""Every minute and whenever the bell rings, and how many seconds each may take."""


async def run(work: Work, *, minute: float = MINUTE) -> None:
    """Does every job now, every minute and when its bell rings, until cancelled: then what it is doing is cancelled
    too, and the mail in hand finished. What fails is in the log; the next minute tries again.
    """
    woken = {_name(job): asyncio.Event() for job, _ in JOBS}
    async with asyncio.TaskGroup() as group:
        for job, seconds in JOBS:
            group.create_task(again_and_again(job, work, woken[_name(job)], seconds=seconds, every=minute))
        group.create_task(again_and_again(purge, work, asyncio.Event(), seconds=JOB_SECONDS, every=DAY))
        group.create_task(again_and_again(forget_typed, work, asyncio.Event(), seconds=JOB_SECONDS, every=HOUR))
        group.create_task(tell_manager())
        group.create_task(work.bell.listen({name: event.set for name, event in woken.items()}))


async def again_and_again(job: Job, work: Work, woken: asyncio.Event, *, seconds: float, every: float) -> None:
    ABOUT.set(lambda: {"job": _name(job)})  # of this task alone
    while True:
        woken.clear()  # before it begins: who rings meanwhile may have come too late for it
        try:
            async with asyncio.timeout(seconds):
                await job(work)
        except Exception:
            end_if_cancelled()
            log.exception("%s failed", _name(job))
        with suppress(TimeoutError):
            async with asyncio.timeout(every):
                await woken.wait()


def _name(job: Job) -> str:
    return job.__name__


async def run_until_stopped(work: Work, *, minute: float = MINUTE) -> None:
    """`run`, until Ctrl-C or a polite kill."""
    running = asyncio.create_task(run(work, minute=minute))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop, running, number)
    log.info("the worker works")
    with suppress(asyncio.CancelledError):
        await running


def _stop(running: asyncio.Task[None], number: signal.Signals) -> None:
    log.info("told to stop by %s", number.name)
    running.cancel()

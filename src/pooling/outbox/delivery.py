"""Sending what is queued, under leases.

A few mails are held at a time and their claim committed: so few wait if we are killed, and who asks for a code
meanwhile waits for no more of the others. The next are claimed while the last but one is said. Each mail's lease is
checked and prolonged just before it is sent, and `sent` is committed right after the server's `250`, in the statement
that holds the next mail, which was announced to the server behind the one before and is said once that is committed.
So a killed delivery loses nothing (its leases expire), and a mail goes out twice only if the crash falls between that
`250` and that commit: at most one for each open connection.

A server that is away, hangs, drops us or refuses us altogether is no mail's fault: what was claimed goes back
to the queue and no try is counted, however long it lasts. The mail in hand at that moment goes behind the
others, so that a mail that makes the server stumble cannot hold them up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pooling.kernel.clock import Clock
from pooling.kernel.database import Database
from pooling.outbox.envelope import Attachment
from pooling.outbox.leases import Batch, Contents, steps_of_their_own
from pooling.outbox.models import Message, MessageState
from pooling.outbox.transport import Connection, Fault, NotSent, Transport

log = logging.getLogger(__name__)
Done = TypeVar("Done")

BATCH = 10
MAILS_A_CONNECTION = 100

DELAYS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2), timedelta(hours=20))
"""Before the second, third, fourth and fifth try: the last one comes some 22 hours after the first."""

SERVER_DELAY = timedelta(seconds=30)
"""The next minute's delivery finds them again."""
IN_HAND_DELAY = timedelta(minutes=2)

EXPIRED = "no longer of use when its turn came"


@dataclass
class DeliveryReport:
    sent: int = 0
    retried: int = 0
    """To be tried again: the server said "not now" for them."""
    failed: int = 0
    postponed: int = 0
    """Put back in the queue: the server was of no help, or we were stopped."""
    lost_leases: int = 0
    server_trouble: str | None = None


async def deliver(
    database: Database, transport: Transport, clock: Clock, *, batch: int = BATCH, connections: int = 1
) -> DeliveryReport:
    """Sends all that is due, over so many connections at once; stops when the server is of no help.

    Safe to run many times at once, to cancel and to kill.
    """
    report = DeliveryReport()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_deliver_all(database, transport, clock, report, batch))
    return report


async def _deliver_all(
    database: Database, transport: Transport, clock: Clock, report: DeliveryReport, most: int
) -> None:
    """A connection at a time."""
    async with steps_of_their_own(database) as steps:
        batch = Batch(steps, Contents())
        while await _deliver_over_one_connection(transport, batch, clock, report, most):
            pass


async def _deliver_over_one_connection(
    transport: Transport, batch: Batch, clock: Clock, report: DeliveryReport, most: int
) -> bool:
    """Sends what it can, one batch after the other; False when going on would be of no use.

    Whatever ends it, cancelling included, what was not begun is free again for the next delivery.
    """
    helpful = True
    batch.sent, batch.stopped = 0, False
    try:
        await _to_its_end(batch.claim(clock.now(), most), batch)
        if not batch.waiting:
            return False
        async with transport.connection() as connection:
            await _to_its_end(_send_waiting(connection, batch, clock, report, most), batch)
    except NotSent as trouble:
        log.warning("the mail server is in trouble: %s", trouble.reason)
        report.server_trouble = trouble.reason
        helpful = batch.sent > 0  # some servers end a connection after so many mails: a new one may do
        if batch.in_hand is not None:
            now = clock.now()
            again, reason = now + IN_HAND_DELAY, trouble.reason
            await batch.settle([batch.in_hand], MessageState.QUEUED, now, try_at=again, reason=reason)
            report.postponed += 1
    finally:
        now = clock.now()
        await _to_its_end(batch.settle_taken(now), batch)
        report.postponed += await batch.free_waiting(now, now if helpful else now + SERVER_DELAY)
    return helpful


async def _to_its_end(step: Coroutine[Any, Any, Done], batch: Batch) -> Done:
    """Being stopped between a server's `250` and our commit would send a mail twice, and between a claim and what it
    answers leave a whole batch waiting: either is finished first, which its own time limit bounds. The batch is told.
    """
    task = asyncio.ensure_future(step)
    stopped: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancelled:
            stopped, batch.stopped = cancelled, True
        except NotSent:
            break
    if stopped is not None:
        task.exception()  # seen: the lease of a mail that went wrong just then expires
        raise stopped
    return task.result()


async def _send_waiting(connection: Connection, batch: Batch, clock: Clock, report: DeliveryReport, most: int) -> None:
    """Until nothing is due, the connection has had its share, or we are stopped: the mail in hand is then the last."""
    going_on = True
    while batch.waiting and going_on and not batch.stopped:
        going_on = await _send_next(connection, batch, clock, report, most)
        if not batch.waiting:
            await batch.settle_taken(clock.now())
            if batch.sent < MAILS_A_CONNECTION and not batch.stopped:
                await batch.claim(clock.now(), most)


async def _send_next(connection: Connection, batch: Batch, clock: Clock, report: DeliveryReport, most: int) -> bool:
    """Whether the connection is of use for another mail."""
    message, now = batch.waiting.popleft(), clock.now()
    ours = asyncio.ensure_future(batch.hold(message, now))
    await asyncio.sleep(0)  # the database is asked by now, and answers while mails are written
    # Files are asked for over the same connection with the database, under the lease.
    attachments = await batch.attachments(message) if message.attachments and await ours else ()
    more = _claiming(batch, ours, now, min(most, MAILS_A_CONNECTION - batch.sent))
    try:
        refusal = await _send(connection, batch, message, attachments, now, ours)
    finally:
        is_ours = ours.result() if ours.done() else await ours
        if more is not None:
            await asyncio.gather(more, return_exceptions=True)
    if refusal is None and is_ours:
        batch.taken, batch.in_hand = message, None
        batch.sent += 1
        report.sent += 1
    elif refusal is not None and is_ours:
        await _settle_refused(batch, message, refusal, clock.now(), report)
    else:
        report.lost_leases += 1
    if more is not None:
        more.result()
    return is_ours or refusal is not None  # else it was announced


def _claiming(batch: Batch, held: Awaitable[bool], now: datetime, most: int) -> asyncio.Task[None] | None:
    """While a mail that is held is said, when no more than one waits: so there is always one to be announced behind it.
    Not where the last claim found fewer than it might. In all there are `most` in hand and waiting.
    """
    room = most - 1 - len(batch.waiting)
    if len(batch.waiting) > 1 or room <= 0 or not batch.more_due:
        return None

    async def claimed() -> None:
        await held
        await batch.claim(now, room)

    return asyncio.create_task(claimed())


async def _settle_refused(
    batch: Batch, message: Message, refusal: NotSent, now: datetime, report: DeliveryReport
) -> None:
    try_at = next_try(refusal, message, now)
    if try_at is None:
        report.failed += 1
        state = MessageState.FAILED
    else:
        report.retried += 1
        state = MessageState.QUEUED
    await batch.settle([message], state, now, try_at=try_at, reason=refusal.reason, tries=1)


async def _send(
    connection: Connection,
    batch: Batch,
    message: Message,
    attachments: Sequence[Attachment],
    now: datetime,
    ours: Awaitable[bool],
) -> NotSent | None:
    """None once the server has taken the mail; what was wrong with this mail, otherwise.

    Raises:
        NotSent: nothing was wrong with it, but with the server.
    """
    if _is_expired(message, now) and batch.announced is not message:
        return NotSent(Fault.PERMANENT, EXPIRED)
    then = batch.waiting[0] if batch.waiting else None
    if then is not None and (then.attachments or _is_expired(then, now)):
        then = None
    batch.announced = then
    try:
        await connection.send(message, now, attachments, ours=ours, then=then)
    except NotSent as refusal:
        if refusal.fault is Fault.SERVER:
            raise
        return refusal
    return None


def _is_expired(message: Message, now: datetime) -> bool:
    return message.expires_at is not None and message.expires_at <= now


def next_try(refusal: NotSent, message: Message, now: datetime) -> datetime | None:
    """When to try again after this refusal; None when there is no (more) use in it."""
    if refusal.fault is Fault.PERMANENT or message.attempts >= len(DELAYS):
        return None
    at = now + DELAYS[message.attempts]
    return at if message.expires_at is None or at < message.expires_at else None

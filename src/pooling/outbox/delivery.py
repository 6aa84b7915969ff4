"""Sending what is queued, under leases.

A batch is claimed and the claim committed; each mail's lease is checked and prolonged just before it is
sent, and `sent` is committed right after the server's `250`. So a killed delivery loses nothing (its leases
expire), and a mail goes out twice only if the crash falls between that `250` and that commit: at most one for
each open connection.

A server that is away, hangs, drops us or refuses us altogether is no mail's fault: what was claimed goes back
to the queue and no try is counted, however long it lasts. The mail in hand at that moment goes behind the
others, so that a mail that makes the server stumble cannot hold them up.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.database import Database
from pooling.outbox.leases import Batch
from pooling.outbox.models import Message, MessageState
from pooling.outbox.transport import Connection, Fault, NotSent, Transport

log = logging.getLogger(__name__)

BATCH = 100

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


async def deliver(database: Database, transport: Transport, clock: Clock, *, batch: int = BATCH) -> DeliveryReport:
    """Sends all that is due, a batch and a connection at a time; stops when the server is of no help.

    Safe to run many times at once, to cancel and to kill.
    """
    report = DeliveryReport()
    while True:
        claimed = await Batch.claim(database, clock.now(), batch)
        if not claimed.waiting or not await _deliver_batch(database, transport, claimed, clock, report):
            return report


async def _deliver_batch(
    database: Database, transport: Transport, batch: Batch, clock: Clock, report: DeliveryReport
) -> bool:
    """Sends what it can; False when going on would be of no use.

    Whatever ends it, cancelling included, what was not begun is free again for the next delivery.
    """
    helpful = True
    try:
        async with transport.connection() as connection:
            await _send_all(database, connection, batch, clock, report)
    except NotSent as trouble:
        log.warning("the mail server is in trouble: %s", trouble.reason)
        report.server_trouble = trouble.reason
        helpful = batch.sent > 0  # some servers end a connection after so many mails: a new one may do
        await _put_back_in_hand(database, batch, clock.now(), report)
    finally:
        await _put_back_waiting(database, batch, clock.now(), report, at_once=helpful)
    return helpful


async def _send_all(
    database: Database, connection: Connection, batch: Batch, clock: Clock, report: DeliveryReport
) -> None:
    async with database.transaction() as session:
        await batch.hold_next(session, clock.now())
    while batch.waiting:
        await _to_its_end(_send_next(database, connection, batch, clock, report))


async def _to_its_end(step: Coroutine[Any, Any, None]) -> None:
    """Being stopped between a server's `250` and our commit would send a mail twice: the mail in hand is
    finished first, which its own time limit bounds.
    """
    task = asyncio.ensure_future(step)
    stopped: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancelled:
            stopped = cancelled
        except NotSent:
            break
    if stopped is not None:
        task.exception()  # seen: the lease of a mail that went wrong just then expires
        raise stopped
    task.result()


async def _send_next(
    database: Database, connection: Connection, batch: Batch, clock: Clock, report: DeliveryReport
) -> None:
    """Sends one mail. Settling it and holding the next one are one transaction."""
    message = batch.take()
    refusal = await _send(connection, message, clock.now()) if message else None
    async with database.transaction() as session:
        if message is None:
            report.lost_leases += 1
        elif refusal is None:
            batch.sent += 1
            report.sent += 1
            await batch.settle(session, [message], MessageState.SENT, clock.now())
        else:
            await _settle_refused(session, batch, message, refusal, clock.now(), report)
        await batch.hold_next(session, clock.now())
    batch.in_hand = None


async def _settle_refused(
    session: AsyncSession, batch: Batch, message: Message, refusal: NotSent, now: datetime, report: DeliveryReport
) -> None:
    try_at = next_try(refusal, message, now)
    if try_at is None:
        report.failed += 1
        state = MessageState.FAILED
    else:
        report.retried += 1
        state = MessageState.QUEUED
    await batch.settle(session, [message], state, now, try_at=try_at, reason=refusal.reason, tries=1)


async def _send(connection: Connection, message: Message, now: datetime) -> NotSent | None:
    """None once the server has taken the mail; what was wrong with this mail, otherwise.

    Raises:
        NotSent: nothing was wrong with it, but with the server.
    """
    if message.expires_at is not None and message.expires_at <= now:
        return NotSent(Fault.PERMANENT, EXPIRED)
    try:
        await connection.send(message, now)
    except NotSent as refusal:
        if refusal.fault is Fault.SERVER:
            raise
        return refusal
    return None


def next_try(refusal: NotSent, message: Message, now: datetime) -> datetime | None:
    """When to try again after this refusal; None when there is no (more) use in it."""
    if refusal.fault is Fault.PERMANENT or message.attempts >= len(DELAYS):
        return None
    at = now + DELAYS[message.attempts]
    return at if message.expires_at is None or at < message.expires_at else None


async def _put_back_in_hand(database: Database, batch: Batch, now: datetime, report: DeliveryReport) -> None:
    if batch.in_hand is None:
        return
    again, reason = now + IN_HAND_DELAY, report.server_trouble
    async with database.transaction() as session:
        await batch.settle(session, [batch.in_hand], MessageState.QUEUED, now, try_at=again, reason=reason)
    report.postponed += 1


async def _put_back_waiting(
    database: Database, batch: Batch, now: datetime, report: DeliveryReport, *, at_once: bool
) -> None:
    if not batch.waiting:
        return
    again = now if at_once else now + SERVER_DELAY
    async with database.transaction() as session:
        await batch.settle(session, batch.waiting, MessageState.QUEUED, now, try_at=again)
    report.postponed += len(batch.waiting)

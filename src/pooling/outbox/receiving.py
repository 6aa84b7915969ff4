"""What is done with what comes back. Each mail counts once, however often it is read: one that came back is failed from
then on, and an answer of a calendar is older than the one that it became.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from pooling.kernel.clock import Clock
from pooling.kernel.database import Database
from pooling.kernel.stopping import end_if_cancelled
from pooling.outbox.mailbox import FAULTS, Arrived, Mailbox
from pooling.outbox.returned import Bounce, CalendarReply, returned

log = logging.getLogger(__name__)

NoteReply = Callable[[Database, CalendarReply, Clock], Awaitable[bool]]
"""Keeps what a calendar answers to an event of its own; whether it was one, and was kept."""

_BOUNCED = "SELECT bounce_message($1, $2, $3, $4, $5) AS failed"


@dataclass
class ReceivingReport:
    bounced: int = 0
    """Mails that are failed now."""
    answered: int = 0
    """Answers of calendars that were kept."""


async def receive(
    database: Database, mailbox: Mailbox, clock: Clock, host: str, notes: Sequence[NoteReply]
) -> ReceivingReport:
    """Reads what is new. A mailbox that cannot be read is told in the log, and read the next time."""
    report = ReceivingReport()
    try:
        arrived = await asyncio.to_thread(mailbox.arrived, clock.now())
    except FAULTS as fault:
        log.warning("the mailbox cannot be read: %s", str(fault) or type(fault).__name__)
        return report
    for mail in arrived:
        try:
            await _take(database, mail, clock, host, notes, report)
        except Exception:  # one mail; the others are read all the same
            end_if_cancelled()
            log.exception("a mail that came back could not be dealt with")
    return report


async def _take(
    database: Database, mail: Arrived, clock: Clock, host: str, notes: Sequence[NoteReply], report: ReceivingReport
) -> None:
    found = returned(mail.content, host)
    if isinstance(found, Bounce):
        values = (found.message_id, found.written, found.reason, clock.now(), mail.at)
        (row,) = await database.ask(_BOUNCED, *values)
        report.bounced += bool(row["failed"])
    elif found is not None:
        reply = replace(found, said_at=min(found.said_at, mail.at))  # a calendar's clock may be ahead of ours
        for note in notes:
            if await note(database, reply, clock):
                report.answered += 1
                break

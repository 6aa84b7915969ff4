"""A mail server that takes its time, refuses, hangs up, hangs, or says `250`, and remembers what it said it to."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from icalendar import Calendar

from outbox.sink import Sink

NEVER = "p7@chaos.example"
"""Whose address is refused for ever."""


@dataclass
class Arrival:
    at: float
    message_id: str
    recipient: str
    uid: str
    sequence: int
    """The committee's revision, less one."""


@dataclass
class MoodySink(Sink):
    """Takes its time, refuses, hangs up, hangs, or says `250`."""

    chance: random.Random = field(default_factory=random.Random)
    calm: bool = False
    arrivals: list[Arrival] = field(default_factory=list)
    moods: Counter[str] = field(default_factory=Counter)
    refused_before: Counter[str] = field(default_factory=Counter)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == NEVER:
            return "550 5.1.1 no such mailbox"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mood = "calm" if self.calm else self.chance.choices(list(_MOODS), list(_MOODS.values()))[0]
        if mood == "busy" and self.refused_before[envelope.rcpt_tos[0]] > 2:
            mood = "calm"  # five times "not now" is a failure, and rightly so
        self.moods[mood] += 1
        if mood == "hanging":
            await asyncio.Event().wait()
        await asyncio.sleep(self.chance.random() / 40)
        if mood == "busy":
            self.refused_before[envelope.rcpt_tos[0]] += 1
            return "451 4.3.0 not now"
        if mood == "closing":
            return "421 4.7.0 closing"
        if mood == "dropping":
            transport: Any = server.transport
            transport.abort()
            return "250 never said"
        answer = await super().handle_DATA(server, session, envelope)
        self._note()
        return answer

    def _note(self) -> None:
        mail = self.received[-1]
        (calendar,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        read = Calendar.from_ical(calendar.get_content())
        event = read.events[0]
        self.arrivals.append(
            Arrival(
                at=time.time(),
                message_id=str(mail["Message-ID"]),
                recipient=self.recipients[-1],
                uid="-".join(str(event["UID"]).split("-")[:3]),  # of the meeting; the rest is of the person
                sequence=int(event["SEQUENCE"]),  # type: ignore[arg-type]
            )
        )


_MOODS = {"calm": 88, "busy": 6, "dropping": 3, "closing": 2, "hanging": 1}

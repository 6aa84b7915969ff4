"""A worker whose clock runs fast, or one sweep by hand, in a process of its own: it can be killed at once."""

import asyncio
import json
import os
import sys
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.bell import Bell
from pooling.kernel.database import Database
from pooling.outbox.smtp import SmtpTransport
from pooling.reminders.console import remind
from pooling.worker import Work, run_until_stopped
from reminders.scene import BASE_URL, CHORES, kinds


class FastClock:
    """Time that runs many times faster, the same in every process."""

    def __init__(self, start: datetime, began: float, speed: float) -> None:
        self._start, self._began, self._speed = start, began, speed

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.time() - self._began) * self._speed)

    async def at_database(self, session: AsyncSession) -> datetime:  # noqa: ARG002 - the same clock for all
        return self.now()

    def when_told(self, told: datetime) -> datetime:  # noqa: ARG002
        return self.now()


async def work(order: dict[str, Any]) -> None:
    database = Database.connect(order["database"], pool_size=3)
    clock = FastClock(datetime.fromisoformat(order["start"]), order["began"], order["speed"])
    url, seconds = urlsplit(f"smtp://127.0.0.1:{order['port']}"), order["patience"]
    transport = SmtpTransport(url, "a@territoire.example", "achats.example", seconds, seconds)
    if order["work"] == "remind":
        await remind(database, kinds(), transport, clock, base_url=BASE_URL)
        return
    bell = Bell(order["queue"])
    # Its minute is a second here.
    await run_until_stopped(Work(database, bell, transport, kinds(), BASE_URL, CHORES, clock=clock), minute=1)


def main() -> None:
    try:
        asyncio.run(work(json.loads(sys.argv[1])))
    except BaseException:  # noqa: BLE001 - told to stop, or its connections were cut: another one goes on
        os._exit(1)

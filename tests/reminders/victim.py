"""Runs in a process of its own and is killed there: one sweep that stops where it is told to, or one delivery."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.outbox.delivery import deliver
from pooling.outbox.mail import Mail
from pooling.outbox.smtp import SmtpTransport
from pooling.reminders.configuration import Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion
from pooling.reminders.sweep import sweep


def stopping_at(moment: str, kind: Kind) -> Kind:
    """The kind, but for ever busy at that moment of its work, in the middle of a transaction."""

    async def stop() -> None:
        sys.stdout.write(moment + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    async def plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
        occasions = await kind.plan(session, schedule, zone, now)
        await stop()
        return occasions

    async def render(session: AsyncSession, due: Sequence[DueReminder], context: Context) -> list[Mail]:
        mails = await kind.render(session, due, context)
        await stop()
        return mails

    return replace(kind, plan=plan) if moment == "planning" else replace(kind, render=render)


async def work_of(order: dict[str, Any]) -> None:
    database = Database.connect(order["database"])
    clock = FixedClock(datetime.fromisoformat(order["now"]))
    work, _, moment = str(order["work"]).partition(":")
    if work == "sweep":
        from reminders.scene import BASE_URL, kinds  # noqa: PLC0415 - a delivery loads no feature

        stopped: Sequence[Kind] = [stopping_at(moment, kind) for kind in kinds()]
        await sweep(database, stopped, clock, base_url=BASE_URL)
    else:
        url = urlsplit(f"smtp://127.0.0.1:{order['port']}")
        await deliver(database, SmtpTransport(url, sender="a@territoire.example", host="achats.example"), clock)


def main() -> None:
    asyncio.run(work_of(json.loads(sys.argv[1])))

"""Reminders: 35 000 planned in one sweep, then claimed and sent, against a bare aiosmtplib loop to the same server.

.venv/bin/python benchmarks/reminders.py [--reminders 35000] [--mails 2000]
"""

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtplib import SMTP
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.people import ensure_people
from pooling.committees.meetings import reminders as committee_reminders
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres, PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, insert_many
from pooling.kernel.migrations import migrate
from pooling.members.features import Features
from pooling.members.groups import create_group
from pooling.members.models import Membership, Role
from pooling.members.rights import Caller, HeldRole
from pooling.outbox.delivery import deliver
from pooling.outbox.envelope import envelope
from pooling.outbox.models import Message
from pooling.outbox.smtp import SmtpTransport
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.sweep import sweep
from pooling.worker import CONNECTIONS

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
J15 = datetime(2027, 3, 15, 7, tzinfo=UTC)
PEOPLE = 350
BASE_URL = "https://achats.example"
OFFSETS = 3
ROUNDS = 5
WANTED = 0.5

SERVER = """
import asyncio
from aiosmtpd.smtp import SMTP

class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Sink(), hostname="sink"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


async def plan(database: Database, reminders: int) -> FixedClock:
    """Committees of 350 people each, enough for so many reminders, planned in one sweep that is timed."""
    async with database.transaction() as session:
        group_id = await create_group(session, name="Mesure", now=NOW)
    async with database.transaction(group_id) as session:
        people = await ensure_people(session, [(f"p{n}@mesure.example", f"P{n}", "") for n in range(PEOPLE)], NOW)
        rows: list[dict[str, Any]] = [
            {"person_id": person_id, "role": "reader", "member_id": None, "purchase_id": None, "started_at": NOW}
            for person_id in people.values()
        ]
        await insert_many(session, Membership, rows)
        caller = Caller(next(iter(people.values())), group_id, (HeldRole(Role.FACILITATOR),))
        await _schedule(session, caller, -(-reminders // (PEOPLE * OFFSETS)))
    clock = FixedClock(NOW)
    kinds = committee_reminders.kinds(ReminderConfiguration())
    for what in ("planned", "planned again, nothing new"):
        begun = time.perf_counter()
        report = await sweep(database, kinds, clock, base_url=BASE_URL)
        print(f"{report.plan.planned:>7} reminders {what}: {time.perf_counter() - begun:.2f} s (target 3 s)")
    clock.instant = J15
    return clock


async def _schedule(session: AsyncSession, caller: Caller, committees: int) -> None:
    for number in range(committees):
        day = date(2027, 3, 30)
        hour = (datetime.combine(day, datetime.min.time()) + timedelta(minutes=8 * 60 + number)).time()
        agenda = "Consolider les besoins\nChoisir le devis\nDivers"
        command = CommitteeIn(day=day, hour=hour, place="Mairie", agenda=agenda, roles=(Role.READER,))
        await schedule_committee(session, caller, command, NOW)


async def write(database: Database, clock: FixedClock, mails: int) -> None:
    """The sweep that turns what is due into messages; `mails` of them are then due in rounds, a minute apart."""
    kinds = committee_reminders.kinds(ReminderConfiguration())
    begun = time.perf_counter()
    report = await sweep(database, kinds, clock, base_url=BASE_URL)
    seconds = time.perf_counter() - begun
    print(f"{len(report.sent):>7} mails written: {seconds:.2f} s, {len(report.sent) / seconds:.0f}/s")
    async with database.transaction(1) as session:
        await session.execute(text("UPDATE messages SET state = 'failed' WHERE id > :last"), {"last": mails})
        await session.execute(
            text("UPDATE messages SET next_try_at = next_try_at + make_interval(mins => (id % :rounds)::int + 1)"),
            {"rounds": ROUNDS},
        )


async def bare(database: Database, transport: SmtpTransport, mails: int) -> float:
    """So many mails of the same content by aiosmtplib alone; mails a second."""
    async with database.transaction(1) as session:
        row = (await session.execute(text("SELECT * FROM messages ORDER BY id LIMIT 1"))).mappings().one()
    mail = envelope(Message(**row), sender=transport.sender, host=transport.host, now=NOW)
    begun = time.perf_counter()
    async with SMTP(hostname="127.0.0.1", port=transport.url.port, start_tls=False) as client:
        for _ in range(mails):
            await client.sendmail(transport.sender, ["p@mesure.example"], mail)
    return mails / (time.perf_counter() - begun)


async def measure(addresses: PostgresAddresses, port: int, reminders: int, mails: int) -> bool:
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    transport = SmtpTransport(urlsplit(f"smtp://127.0.0.1:{port}"), sender="a@mesure.example", host="achats.example")
    try:
        clock = await plan(database, reminders)
        await write(database, clock, mails)
        rates = [await _round(database, transport, clock, mails // ROUNDS) for _ in range(ROUNDS)]
    finally:
        await database.dispose()
    ratio = statistics.median(ours / bare for ours, bare in rates)
    print(f"        {ratio:.2f} of the bare rate, median of {ROUNDS} rounds (target 0.50)")
    return ratio >= WANTED


async def _round(database: Database, transport: SmtpTransport, clock: FixedClock, mails: int) -> tuple[float, float]:
    """Ours and the bare loop one right after the other: a machine that does other things slows both."""
    limit = await bare(database, transport, mails)
    clock.instant += timedelta(minutes=1)
    begun = time.perf_counter()
    report = await deliver(database, transport, clock, batch=50, connections=CONNECTIONS)
    ours = report.sent / (time.perf_counter() - begun)
    print(f"{report.sent:>7} mails claimed and sent: {ours:.0f}/s; bare aiosmtplib loop: {limit:.0f}/s")
    return ours, limit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reminders", type=int, default=35_000)
    parser.add_argument("--mails", type=int, default=2_000)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pooling-")))
        postgres = EmbeddedPostgres(folder)
        stack.callback(postgres.stop)
        addresses = postgres.prepare()
        migrate(addresses.owner, APPLICATION)
        server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
        stack.callback(server.wait)
        stack.callback(server.kill)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        return 0 if asyncio.run(measure(addresses, port, options.reminders, options.mails)) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Reminders: 35 000 planned in one sweep, then claimed and sent, against bare aiosmtplib loops to the same server, over
as many connections. The bare side leaves out the rows: who is to be told, what is written, the lease of each mail, that
it was sent.

.venv/bin/python benchmarks/reminders.py [--reminders 35000] [--mails 2000]
"""

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtplib import SMTP
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import ROUNDS, Row
from benchmarks.measuring.server import on_a_server
from pooling.accounts.people import ensure_people
from pooling.committees.meetings import reminders as committee_reminders
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, insert_many
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
WANTED = 0.8
"""Of what the bare side sends in a second."""
PLANNING = 3.0

SERVER = """
import asyncio
from aiosmtpd.smtp import SMTP

class Sink:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server, session, envelope):
        return "250 OK"

async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Sink(), hostname="sink"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


async def plan(database: Database, reminders: int) -> tuple[FixedClock, list[Row]]:
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
    found = []
    for what in ("planned", "planned again, nothing new"):
        begun = time.perf_counter()
        await sweep(database, kinds, clock, base_url=BASE_URL)
        seconds = time.perf_counter() - begun
        found.append(Row(f"{reminders} reminders {what}", PLANNING, seconds, 1, (seconds, seconds), 1))
        print(found[-1], flush=True)
    clock.instant = J15
    return clock, found


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


async def bare(transport: SmtpTransport, mail: bytes, mails: int) -> float:
    """So many mails of the same content by aiosmtplib alone; seconds a mail."""

    async def one() -> None:
        async with SMTP(hostname="127.0.0.1", port=transport.url.port, start_tls=False) as client:
            for _ in range(mails // CONNECTIONS):
                await client.sendmail(transport.sender, ["p@mesure.example"], mail)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return (time.perf_counter() - begun) / mails


async def asked_for(addresses: PostgresAddresses, port: int, reminders: int, mails: int) -> list[Row]:
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    transport = SmtpTransport(urlsplit(f"smtp://127.0.0.1:{port}"), sender="a@mesure.example", host="achats.example")
    try:
        clock, found = await plan(database, reminders)
        await write(database, clock, mails)
        async with database.transaction(1) as session:
            row = (await session.execute(text("SELECT * FROM messages ORDER BY id LIMIT 1"))).mappings().one()
        mail = envelope(Message(**row), sender=transport.sender, host=transport.host, now=NOW)
        ours, limit, spent = [], [], []
        for _ in range(ROUNDS):  # one right after the other: a machine that does other things slows both
            before = time.process_time()
            limit.append(await bare(transport, mail, mails // ROUNDS))
            between = time.process_time()
            clock.instant += timedelta(minutes=1)
            begun = time.perf_counter()
            report = await deliver(database, transport, clock, connections=CONNECTIONS)
            ours.append((time.perf_counter() - begun) / report.sent)
            spent.append(((time.process_time() - between) / report.sent, (between - before) / (mails // ROUNDS)))
    finally:
        await database.dispose()
    title = f"a mail to a sink, {CONNECTIONS} connections"
    found.append(
        Row(title, statistics.median(limit), statistics.median(ours), 1 / WANTED, (min(ours), max(ours)), len(ours))
    )
    processor, bare_processor = (statistics.median(one) * 1000 for one in zip(*spent, strict=True))
    print(
        f"{found[-1]}\n       {1 / found[-1].ours:.0f} a second of {1 / found[-1].bare:.0f} "
        f"({1 / found[-1].ratio:.2f}); processor of a mail {processor:.2f} ms, bare {bare_processor:.2f} ms",
        flush=True,
    )
    return found


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """A mail server in a process of its own; its port."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


async def rows(addresses: PostgresAddresses, _: Path, *, reminders: int = 35_000, mails: int = 2_000) -> list[Row]:
    with sink() as port:
        return await asked_for(addresses, port, reminders, mails)


def measure() -> list[Row]:
    return on_a_server(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reminders", type=int, default=35_000)
    parser.add_argument("--mails", type=int, default=2_000)
    options = parser.parse_args()
    asked = partial(rows, reminders=options.reminders, mails=options.mails)
    return 0 if all(row.kept for row in on_a_server(asked)) else 1


if __name__ == "__main__":
    sys.exit(main())

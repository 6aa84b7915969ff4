"""Everything that can go wrong for workers, at random and for a while."""

import asyncio
import json
import os
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import ClassVar

import asyncpg
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import create_async_engine

from factories import NOW
from ground.forked import Forked
from outbox.moody_sink import MoodySink
from pooling.accounts.people import ensure_people
from pooling.committees.meetings.scheduling import cancel_committee, move_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn, MoveIn
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, driver_url
from pooling.members.features import Features
from pooling.members.granting import grant_roles
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.outbox.delivery import deliver
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.settings import KindSetting, keep_setting
from pooling.reminders.sweep import sweep
from reminders.scene import BASE_URL, J15, kinds
from whole.chaos_worker import FastClock

SPEED = 12
"""A minute of the clock in five seconds: a lease outlives a killed worker by seven and a half."""
PATIENCE = 2.0
"""Seconds before a worker gives a server up: well below its lease, well above what a busy machine takes to answer."""
PATIENCE_WITH_PROGRAMS = 300
"""Seconds that one may take to start or to end, on a machine that does much else."""
WORKERS = 3
WORKER = "from whole import chaos_worker; chaos_worker.main()"
GROUPS_AT_MOST = 40
COMMITTEES = 3
PEOPLE = 25


@dataclass
class Meeting:
    group_id: int
    id: int
    caller: Caller
    revision: int = 1
    cancelled: bool = False
    changes: list[tuple[float, int]] = field(default_factory=list)
    """When each revision was committed, by the wall's clock."""

    def uid(self) -> str:
        return f"committee-{self.group_id}-{self.id}"


class Chaos:
    """A few workers on one database, one queue and one mail server, and all that befalls them."""

    def __init__(self, addresses: PostgresAddresses, queue: str, sink: MoodySink, *, seconds: float, seed: int) -> None:
        self.addresses, self.queue, self.sink, self.seconds = addresses, queue, sink, seconds
        self.chance = random.Random(seed)
        sink.chance = random.Random(seed + 1)
        # A name of its own: the cuts spare who plays the people that move meetings.
        settings = {"server_settings": {"application_name": "chaos", "timezone": "UTC"}}
        engine = create_async_engine(driver_url(addresses.application), connect_args=settings)
        self.database = Database(engine).handing(Features(FEATURES))
        self.meetings: list[Meeting] = []
        self.people: dict[str, int] = {}
        self.workers: list[Forked] = []
        self.leaving: list[Forked] = []
        """Those that end by themselves, or were told to."""
        self.happened: Counter[str] = Counter()
        self.began = 0.0

    # Before

    async def prepare(self) -> None:
        """Groups whose reminders of fifteen days before are due one after the other, all along."""
        groups = max(2, min(GROUPS_AT_MOST, int(self.seconds / 3)))
        minutes = self.seconds * SPEED / 60
        for number in range(groups):
            late = timedelta(minutes=1 + number * (minutes - 2) / groups)
            hour = (datetime.combine(date.min, clock_time(8)) + late).time().replace(second=0, microsecond=0)
            await self._prepare_group(number, hour)

    async def _prepare_group(self, number: int, hour: clock_time) -> None:
        async with self.database.transaction() as session:
            group_id = await create_group(session, name=f"Chaos {number}", now=NOW)
        async with self.database.transaction(group_id) as session:
            named = [(f"p{person}@chaos.example", f"P{person}", "") for person in range(PEOPLE)]
            self.people = await ensure_people(session, named, NOW)
            people = list(self.people.values())
            await grant_roles(session, [(person, Role.READER, None, None) for person in people], NOW)
            await grant_roles(session, [(people[0], Role.FACILITATOR, None, None)], NOW)
            await keep_setting(session, "committee", KindSetting(hour=hour), NOW)
            caller = Caller(people[0], group_id, (HeldRole(Role.FACILITATOR),))
            for place in range(COMMITTEES):
                command = CommitteeIn(
                    day=date(2027, 3, 30), hour=clock_time(14 + place), place="Mairie", agenda="Un point",
                    people=tuple(people),
                )  # fmt: skip
                self.meetings.append(Meeting(group_id, await schedule_committee(session, caller, command, NOW), caller))

    # Meanwhile

    async def run(self) -> None:
        self.began = time.time()
        (await self._start("remind")).wait(PATIENCE_WITH_PROGRAMS)  # once it has ended, all is imported
        self.began = time.time()
        for _ in range(WORKERS):
            self.workers.append(await self._start("worker"))
        while time.time() < self.began + self.seconds:
            await asyncio.sleep(self.chance.uniform(0.2, 1.2))
            happening = self.chance.choices(list(self._happenings), list(self._happenings.values()))[0]
            self.happened[happening] += 1
            await getattr(self, happening)()
        await self._stop()

    _happenings: ClassVar = {
        "kill": 30,
        "cut": 12,
        "flush": 10,
        "remind_by_hand": 10,
        "move": 20,
        "cancel": 4,
        "stop_one": 9,
    }

    @property
    def clock(self) -> FastClock:
        return FastClock(J15, self.began, SPEED)

    async def _start(self, work: str) -> Forked:
        order = {
            "work": work, "database": self.addresses.application, "queue": self.queue, "port": self.sink.port,
            "start": J15.isoformat(), "began": self.began, "speed": SPEED, "patience": PATIENCE,
        }  # fmt: skip
        return await asyncio.to_thread(
            Forked,
            [json.dumps(order)],
            os.environ,
            program=WORKER,
            output=subprocess.DEVNULL,
            errors=subprocess.DEVNULL,
        )

    async def kill(self) -> None:
        place = self.chance.randrange(len(self.workers))
        self.workers[place].kill()
        await asyncio.to_thread(self.workers[place].wait, PATIENCE_WITH_PROGRAMS)
        self.workers[place] = await self._start("worker")

    async def stop_one(self) -> None:
        """As an upgrade does: it finishes the mail in hand."""
        place = self.chance.randrange(len(self.workers))
        self.workers[place].terminate()
        self.leaving.append(self.workers[place])
        self.workers[place] = await self._start("worker")

    async def remind_by_hand(self) -> None:
        self.leaving.append(await self._start("remind"))

    async def cut(self) -> None:
        """Ends every connection of the workers with the database."""
        connection = await asyncpg.connect(self.addresses.superuser)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'pooling'"
            )
        finally:
            await connection.close()

    async def flush(self) -> None:
        queue: Redis = Redis(unix_socket_path=self.queue.removeprefix("unix://"))
        try:
            await queue.flushall()
        finally:
            await queue.aclose()

    def _any_meeting(self) -> Meeting:
        """Rather the one whose mails are just leaving."""
        if self.sink.arrivals and self.chance.random() < 0.8:
            latest = self.sink.arrivals[-1].uid
            return next(meeting for meeting in self.meetings if meeting.uid() == latest)
        return self.chance.choice(self.meetings)

    async def move(self) -> None:
        meeting = self._any_meeting()
        if meeting.cancelled:
            return
        new_day = self.chance.random() < 0.3  # else the place alone
        command = MoveIn(
            day=date(2027, 4, 6) if new_day else date(2027, 3, 30), hour=clock_time(9 + meeting.revision % 9),
            place=f"Salle {meeting.revision}", reason="salle prise",
        )  # fmt: skip
        async with self.database.transaction(meeting.group_id) as session:
            await move_committee(
                session,
                meeting.caller,
                meeting.id,
                command,
                self.clock.now(),
                base_url=BASE_URL,
                reminders=ReminderConfiguration(),
            )
        meeting.revision += 1
        meeting.changes.append((time.time(), meeting.revision))

    async def cancel(self) -> None:
        meeting = self._any_meeting()
        if meeting.cancelled:
            return
        async with self.database.transaction(meeting.group_id) as session:
            now = self.clock.now()
            await cancel_committee(
                session,
                meeting.caller,
                meeting.id,
                now,
                reason="trop d’absents",
                base_url=BASE_URL,
                reminders=ReminderConfiguration(),
            )
        meeting.revision += 1
        meeting.cancelled = True
        meeting.changes.append((time.time(), meeting.revision))

    # After

    async def _stop(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for program in (*self.workers, *self.leaving):
            await asyncio.to_thread(program.wait, PATIENCE_WITH_PROGRAMS)

    async def recover(self) -> None:
        """Calm weather: what any worker does in the hours after."""
        self.sink.calm = True
        clock = FixedClock(self.clock.now())
        transport = self.sink.transport()
        for _ in range(60):
            await sweep(self.database, kinds(), clock, base_url=BASE_URL)
            await deliver(self.database, transport, clock)
            if not await self.waiting(clock.instant):
                return
            clock.instant += timedelta(minutes=25)
        raise AssertionError(f"still waiting: {await self.waiting(clock.instant)}")

    async def waiting(self, now: datetime) -> int:
        """What is due or queued and has not left."""
        connection = await asyncpg.connect(self.addresses.superuser)
        try:
            count: int = await connection.fetchval(
                "SELECT (SELECT count(*) FROM reminders WHERE state = 'planned' AND due_at <= $1) + "
                "(SELECT count(*) FROM messages WHERE state IN ('queued', 'sending'))",
                now,
            )
        finally:
            await connection.close()
        return count

"""Several sweeps and deliveries at once, and processes killed with -9: every mail once, none lost."""

import asyncio
import json
import os
import signal
import subprocess
from datetime import UTC, datetime, time, timedelta

import asyncpg
import pytest
from sqlalchemy import text

from factories import PEOPLE
from ground.forked import Forked
from ground.shell import BETWEEN_LOOKS, Shell
from pooling.embedded.postgres import PostgresAddresses
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.bell import Bell
from pooling.kernel.clock import SystemClock
from pooling.members.models import Role
from pooling.outbox.leases import LEASE
from pooling.outbox.mail import Mail
from pooling.outbox.queueing import queue_mails
from pooling.worker import Work, run
from reminders.scene import BASE_URL, CHORES, J15, Scene, kinds

INVITED = sorted(PEOPLE)
PATIENCE = 300
"""Seconds, on a machine that does much else."""
VICTIM = "from reminders import victim; victim.main()"


async def test_sweeps_and_deliveries_at_once_send_each_reminder_once(real_scene: Scene) -> None:
    for hour in range(9, 18):
        await real_scene.schedule(roles=list(Role), hour=real_scene.now.time().replace(hour=hour))
    real_scene.clock.instant = J15
    await asyncio.gather(
        *(real_scene.sweep(batch=5) for _ in range(3)), *(real_scene.deliver(batch=4) for _ in range(2))
    )
    await real_scene.deliver()
    assert sorted(real_scene.sink.recipients) == sorted(INVITED * 9)
    assert [row[4] for row in await real_scene.reminders()].count("sent") == len(INVITED) * 9


async def wait_for_another_connection(addresses: PostgresAddresses) -> None:
    """Until the command, which takes its time to start, is at the database."""
    connection = await asyncpg.connect(addresses.superuser)
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pooling'"
    try:
        present = await connection.fetchval(count)
        while await connection.fetchval(count) <= present:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(BETWEEN_LOOKS)
    finally:
        await connection.close()


async def test_two_workers_and_the_command_line_at_once_send_each_reminder_once(
    real_scene: Scene, fresh_addresses: PostgresAddresses, valkey: EmbeddedValkey
) -> None:
    """On the clock of the machine, as the command has no other."""
    now = datetime.now(UTC)
    real_scene.clock.instant = now - timedelta(days=20)
    for hour in range(9, 18):
        await real_scene.schedule(roles=list(Role), day=now.date() + timedelta(days=6), hour=time(hour))
    shell = Shell(
        database_url=fresh_addresses.application,
        redis_url=valkey.url,
        smtp_url=f"smtp://127.0.0.1:{real_scene.sink.port}",
        mail_from="pooling@territoire.example",
        base_url=BASE_URL,
        secret_key="thirty-two characters at the very least",
    )
    command = await asyncio.to_thread(shell.start, "remind", "--json", errors=subprocess.DEVNULL)
    await wait_for_another_connection(fresh_addresses)
    bell = Bell(valkey.url)
    work = [
        Work(real_scene.database, bell, real_scene.sink.transport(), kinds(), BASE_URL, CHORES, clock=SystemClock())
        for _ in range(2)
    ]
    workers = [asyncio.create_task(run(each)) for each in work]
    said = await asyncio.to_thread(command.finish, PATIENCE)
    assert command.returncode == 0
    while any(state != "sent" for _, state, *_ in await real_scene.messages()):
        await bell.ring("deliver")
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await bell.close()
    assert sorted(real_scene.sink.recipients) == sorted(INVITED * 9)
    assert {json.loads(line)["state"] for line in said.splitlines()} <= {"sent"}


class Victim:
    """A process of its own that sweeps or delivers, to be killed."""

    def __init__(self, process: Forked) -> None:
        self.process = process

    @classmethod
    async def start(cls, work: str, addresses: PostgresAddresses, scene: Scene) -> "Victim":
        order = {
            "work": work,
            "database": addresses.application,
            "port": scene.sink.port,
            "now": scene.now.isoformat(),
        }
        return cls(await asyncio.to_thread(Forked, [json.dumps(order)], os.environ, program=VICTIM))

    async def said(self, line: str) -> None:
        assert self.process.stdout is not None
        assert (await asyncio.to_thread(self.process.stdout.readline)).strip() == line

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert await asyncio.to_thread(self.process.wait, PATIENCE) == -signal.SIGKILL


async def wait_for_its_locks(addresses: PostgresAddresses, table: str) -> None:
    """Until the server has noticed the death: its row locks are free again."""
    connection = await asyncpg.connect(addresses.superuser)
    try:
        await connection.execute(f"SELECT id FROM {table} FOR UPDATE")
    finally:
        await connection.close()


@pytest.mark.parametrize("moment", ["planning", "rendering"])
async def test_a_sweep_killed_loses_nothing(real_scene: Scene, fresh_addresses: PostgresAddresses, moment: str) -> None:
    await real_scene.schedule(roles=list(Role))
    real_scene.clock.instant = J15
    victim = await Victim.start(f"sweep:{moment}", fresh_addresses, real_scene)
    await victim.said(moment)
    await victim.kill()
    await wait_for_its_locks(fresh_addresses, "reminders")
    await real_scene.work()
    assert sorted(real_scene.sink.recipients) == INVITED


async def test_a_delivery_killed_before_the_answer_loses_nothing(
    real_scene: Scene, fresh_addresses: PostgresAddresses
) -> None:
    await real_scene.schedule(roles=list(Role))
    real_scene.clock.instant = J15
    await real_scene.sweep()
    real_scene.sink.answer.clear()
    victim = await Victim.start("deliver", fresh_addresses, real_scene)
    await real_scene.sink.reached.wait()
    await victim.kill()
    real_scene.sink.answer.set()
    await real_scene.deliver()
    real_scene.clock.instant += LEASE
    await real_scene.deliver()
    assert set(real_scene.sink.recipients) == set(INVITED)
    assert len(real_scene.sink.recipients) <= len(INVITED) + 1  # one connection was open, one crash
    assert {row[1] for row in await real_scene.messages()} == {"sent"}


async def states_of_codes(scene: Scene) -> list[str]:
    """They belong to no group."""
    async with scene.database.transaction() as session:
        return list((await session.execute(text("SELECT state FROM messages WHERE kind = 'code'"))).scalars())


async def test_a_delivery_killed_leaves_few_mails_waiting_and_no_code_for_long(
    real_scene: Scene, fresh_addresses: PostgresAddresses
) -> None:
    """All but those that it held leave at once; those it held, a sign-in code among them, while the code is valid."""
    await real_scene.queue(*(f"p{number}@commune.example" for number in range(30)))
    async with real_scene.database.transaction() as session:
        code = Mail(kind="code", recipient="code@commune.example", subject="Code", why="Votre code.", urgent=True)
        await queue_mails(session, [code], real_scene.now)
    real_scene.sink.answer.clear()
    victim = await Victim.start("deliver", fresh_addresses, real_scene)
    await real_scene.sink.reached.wait()
    await victim.kill()
    real_scene.sink.answer.set()
    await real_scene.deliver()
    assert await states_of_codes(real_scene) == ["sending"]
    assert 0 < len([state for _, state, *_ in await real_scene.messages() if state != "sent"]) < 10
    real_scene.clock.instant += timedelta(seconds=90)
    await real_scene.deliver()
    assert await states_of_codes(real_scene) == ["sent"]
    assert {row[1] for row in await real_scene.messages()} == {"sent"}
    assert len(real_scene.sink.recipients) <= 31 + 1  # one connection was open, one crash

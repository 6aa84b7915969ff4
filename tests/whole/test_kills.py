"""Web processes, Valkey and PostgreSQL killed with -9 while programs write: nothing that was accepted is missing or
there twice; and one of two web processes that is told to stop costs no request. Workers are killed in test_chaos.
"""

import asyncio
import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Self

import asyncpg
import pytest

from factories import ARCACHON, NOW, find_territory
from ground.database import INHABITED
from ground.forked import Forked
from ground.shell import BETWEEN_LOOKS, InDatabase, Shell
from pooling.accounts.models import TokenScope
from pooling.accounts.tokens import make_token
from pooling.embedded.postgres import EmbeddedPostgres, PostgresAddresses, processes_of
from pooling.embedded.valkey import EmbeddedValkey
from pooling.kernel.database import Database

HANDED_OVER = """
import os
os.environ["LISTEN_PID"] = str(os.getpid())
from pooling.cli import main
main()
"""
PATIENCE = 300
"""Seconds, on a machine that does much else."""
WRITER = "animation@bassin.example"
METRICS = "m" * 40
PROGRAMS = 3
BETWEEN_CALLS = 0.03
PORTION = 8
"""Calls that are accepted between two blows."""
ROUNDS = int(float(os.environ.get("CHAOS_SECONDS") or 0) / 30) or 1
"""How often PostgreSQL is killed."""


@pytest.fixture
def own_server(templates: None, postgres: EmbeddedPostgres, kept_folder: Path) -> Iterator[EmbeddedPostgres]:
    """With the territory, and as careful as it is in production: that of all tests is not, and not ours to kill."""
    server = EmbeddedPostgres(kept_folder)
    addresses = server.prepare()
    tools = postgres._server.bin_path
    dump = [tools / "pg_dump", "-Fc", postgres.address("postgres", INHABITED)]
    restore = [tools / "pg_restore", "--exit-on-error", "-d", addresses.superuser]
    words = " | ".join(shlex.join(map(str, command)) for command in (dump, restore))
    subprocess.run(["bash", "-c", f"set -o pipefail; {words}"], check=True, user=server._server.system_user)
    yield server
    server.stop()


class Programs:
    """Some that write through the interface all the time, each thing under a key of its own until it is accepted."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.accepted: dict[str, str] = {}
        """The title of each purchase, and the reference that the answer gave it."""
        self.refused: list[object] = []
        """What was answered otherwise, or not at all, since somebody looked last."""
        self._over = Event()
        self._threads = [Thread(target=self._write, args=(name,)) for name in range(PROGRAMS)]

    def _write(self, name: int) -> None:
        number = 0
        while not self._over.wait(BETWEEN_CALLS):
            title = f"Achat {name}/{number}"
            try:
                self.accepted[title] = self._create(title)
                number += 1
            except (OSError, http.client.HTTPException, ValueError) as missed:
                self.refused.append(missed)

    def _create(self, title: str) -> str:
        item = {"code": "arceau", "name": "Arceau", "unit_price": "180.00"}
        purchase = {"title": title, "lead_member": ARCACHON, "items": [item], "lead_buyers": [WRITER]}
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f'"{title.encode().hex()}"',
        }
        status, said = asked(self.port, "POST", "/api/v1/groups/bassin/purchases", json.dumps(purchase), headers)
        if status != 201:
            raise ValueError(status, said)
        return str(json.loads(said)["reference"])

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def more(self) -> None:
        """Until some more are accepted."""
        wanted, limit = len(self.accepted) + PORTION, time.monotonic() + PATIENCE
        while len(self.accepted) < wanted:
            assert time.monotonic() < limit, self.refused[-3:]
            time.sleep(BETWEEN_LOOKS)


@contextmanager
def web_processes(how_many: int, settings: dict[str, str], folder: Path) -> Iterator[tuple[int, list[Forked]]]:
    """On one socket, as a service manager hands it over; its port."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=64) as listening,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(str(folder / "notify"))
        manager.settimeout(PATIENCE)
        environment = {
            **os.environ,
            **settings,
            "LISTEN_FDS": "1",
            "NOTIFY_SOCKET": manager.getsockname(),
            "PROMETHEUS_MULTIPROC_DIR": str(folder),
        }
        quiet = {"output": subprocess.DEVNULL, "errors": subprocess.DEVNULL}
        processes = [
            Forked(["serve"], environment, program=HANDED_OVER, handed=[listening], **quiet) for _ in range(how_many)
        ]
        try:
            assert {manager.recv(100) for _ in processes} == {b"READY=1"}
            port = listening.getsockname()[1]
            listening.close()  # with the last process it is gone
            yield port, processes
        finally:
            for process in processes:
                process.kill()
                process.wait(PATIENCE)


def kill_postgres(server: EmbeddedPostgres) -> None:
    """And wait for the rest of it to notice, as whoever starts it again has to."""
    data = Path(server._server.pgdata)
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    while processes_of(data.resolve()):
        time.sleep(BETWEEN_LOOKS)


def kill_valkey(valkey: EmbeddedValkey) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(valkey.url.removeprefix("unix://"))
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    os.kill(int.from_bytes(peer[:4], sys.byteorder), signal.SIGKILL)


def asked(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


async def _token(database: Database) -> str:
    territory = await find_territory(database)
    async with database.transaction() as session:
        made = await make_token(
            session,
            territory.people[WRITER],
            territory.group_id,
            name="Essai",
            scope=TokenScope.WRITE,
            expires_at=None,
            now=NOW,
        )
        return made.token


async def kept(addresses: PostgresAddresses) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(addresses.superuser)
    try:
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        found = await connection.fetch("SELECT title, reference FROM purchases ORDER BY reference")
        return [(row["title"], row["reference"]) for row in found]
    finally:
        await connection.close()


def test_what_was_accepted_stays_whatever_is_killed(
    no_settings: None, own_server: EmbeddedPostgres, kept_folder: Path, tmp_path: Path
) -> None:
    addresses = own_server.addresses("pooling")
    valkey = EmbeddedValkey(kept_folder)
    shell = Shell(
        database_url=addresses.application, redis_url=valkey.url, data_dir=str(tmp_path), metrics_token=METRICS
    )
    token = InDatabase(addresses.application)(_token)
    with (
        web_processes(2, shell.environment, kept_folder) as (port, (first, second)),
        Programs(port, token) as programs,
    ):
        programs.more()
        kill_valkey(valkey)
        programs.more()
        first.send_signal(signal.SIGTERM)
        programs.more()
        assert first.wait(PATIENCE) == 0
        status, _ = asked(port, "GET", "/metrics", None, {"Authorization": f"Bearer {METRICS}"})
        assert status == 200, "of both processes, of which one has gone"
        programs.more()
        assert programs.refused == []
        for _ in range(ROUNDS):
            kill_postgres(own_server)
            again = EmbeddedPostgres(kept_folder)
            programs.more()
            again.stop()
        second.kill()
        second.wait(PATIENCE)
    valkey.stop()
    stands = asyncio.run(kept(addresses))
    assert programs.accepted.items() <= dict(stands).items()
    assert len(stands) == len(dict(stands)) <= len(programs.accepted) + PROGRAMS, "each once"
    numbers = [int(reference.removeprefix("AG-").split("-")[1]) for _, reference in stands]
    assert numbers == list(range(1, len(stands) + 1)), "without a gap"

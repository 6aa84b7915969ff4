"""Services end on Ctrl-C and on a polite kill: cleanly, with status 0, leaving nothing behind."""

import asyncio
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import asyncpg
import pytest
import uvicorn

from ground.forked import Forked
from ground.shell import BETWEEN_LOOKS, Shell
from pooling.cli.installation import MIGRATING
from pooling.embedded.postgres import EmbeddedPostgres
from pooling.embedded.sockets import answers
from pooling.embedded.valkey import EmbeddedValkey

PATIENCE = 300
"""Seconds, on a machine that does much else."""
IMPATIENT = """
from pooling.cli import main
from pooling.kernel import bell
bell.PAUSE = 0.1
main()
"""
"""The command, of which a queue that is away is tried again at once."""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def queue(data_folder: Path) -> Iterator[str]:
    valkey = EmbeddedValkey(data_folder)
    yield valkey.url
    valkey.stop()


def read_until(process: Forked, words: str) -> str:
    """Reads what the process says until it says this, and gives it; fails with all of it if it ends before, or takes
    for ever.
    """
    assert process.stdout is not None
    read = ""
    given_up = Timer(PATIENCE, process.kill)
    given_up.start()
    try:
        while words not in read:
            line = process.stdout.readline()
            assert line, f"it ended, or was given up, saying: {read}"
            read += line
    finally:
        given_up.cancel()
    return read


def test_the_pages_are_served_until_a_polite_kill(own: Shell, port: int) -> None:
    process = own.start("serve", "--port", port)
    read_until(process, "pooling answers at")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    _patiently(connection)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()
    process.send_signal(signal.SIGTERM)
    said = process.finish(PATIENCE)
    assert (process.returncode, "Traceback" in said) == (0, False), said
    assert "told to stop by SIGTERM" in said, "who stopped a service is in its log"


def _patiently(connection: http.client.HTTPConnection) -> None:
    """Its sentence comes just before it listens."""
    while True:
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(BETWEEN_LOOKS)
            continue
        return


def test_the_worker_works_without_its_queue_and_hears_it_until_it_is_told_to_stop(own: Shell, queue: str) -> None:
    """It hears the bell as soon as there is one. (That it goes on when that one dies: test_bell.)"""
    own.settings["redis_url"] = queue.replace("valkey.sock", "later.sock")
    process = own.start("worker", program=IMPATIENT)
    said = read_until(process, "the bell is out of order")
    Path(queue.removeprefix("unix://").replace("valkey.sock", "later.sock")).symlink_to("valkey.sock")
    said += read_until(process, "Starting worker")
    assert "the worker works" in said
    process.send_signal(signal.SIGINT)
    said = process.finish(PATIENCE)
    assert (process.returncode, "Traceback" in said) == (0, False), said


async def test_a_command_interrupted_before_its_end_leaves_its_engines(embedded: Shell, kept_folder: Path) -> None:
    """Here while it waits for another that migrates the same database."""
    server = EmbeddedPostgres(kept_folder)
    addresses = await asyncio.to_thread(server.prepare)
    connection = await asyncpg.connect(addresses.owner)
    await connection.execute(f"SELECT pg_advisory_lock({MIGRATING})")
    process = embedded.start("remind")
    while not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
        assert process.poll() is None
        await asyncio.sleep(BETWEEN_LOOKS)
    process.send_signal(signal.SIGTERM)
    said = await asyncio.to_thread(process.finish, PATIENCE)
    assert (process.returncode, said) == (143, "pooling: interrupted.\n")
    await connection.close()
    server.stop()
    assert not answers(kept_folder / "postgres" / ".s.PGSQL.5432")


@pytest.mark.parametrize(
    ("trouble", "why"), [(RuntimeError("no more room"), "no more room"), (None, "no error was told")]
)
def test_pages_that_end_by_themselves_say_why(
    own: Shell,
    port: int,
    trouble: Exception | None,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the service does not end as if it had been asked to."""

    async def ends(_: uvicorn.Server, **__: object) -> None:
        if trouble is not None:
            raise trouble

    monkeypatch.setattr(uvicorn.Server, "serve", ends)
    ended = own("serve", "--port", port)
    assert ended.exit_code == 1, ended.output
    assert str(ended.exception) == "the pages ended by themselves"
    assert "the pages ended by themselves" in caplog.text
    assert why in caplog.text


def test_pages_whose_output_nobody_reads_go_on(own: Shell, port: int) -> None:
    process = own.start("serve", "--port", port, errors=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    _patiently(connection)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert process.stderr is not None
    process.stderr.close()


def test_a_taken_port_is_one_sentence(own: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for words in (("serve",), ("demo",)):
            refused = own(*words, "--port", port)
            assert (refused.exit_code, refused.stderr) == (
                2,
                f"pooling: port {port} is taken: choose another with --port.\n",
            )

"""The embedded engines: shared by the processes of one data folder, stopped by the last one, found after a kill."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from redis import Redis

from ground.shell import BETWEEN_LOOKS, Shell
from pooling.embedded.engines import (
    Engines,
    in_use,
    kept_secret,
    left_behind,
    running_engines,
    stop_left_behind,
)
from pooling.embedded.errors import EngineError
from pooling.embedded.holders import Holders, locked
from pooling.embedded.postgres import EmbeddedPostgres, processes_of
from pooling.embedded.sockets import answers
from pooling.embedded.valkey import EmbeddedValkey

PATIENCE = 300
"""Seconds, on a machine that does much else."""


@contextmanager
def engines(folder: Path) -> Iterator[Engines]:
    with running_engines(folder, database_url=None, owner_database_url=None, redis_url=None) as found:
        yield found


def sockets(folder: Path) -> list[bool]:
    """Whether PostgreSQL answers, and Valkey."""
    return [answers(folder / "postgres" / ".s.PGSQL.5432"), answers(folder / "valkey" / "valkey.sock")]


def test_the_last_one_to_leave_stops_them(data_folder: Path) -> None:
    with engines(data_folder) as first:
        with engines(data_folder) as second:
            assert first == second
            assert in_use(data_folder)
        assert sockets(data_folder) == [True, True]
    assert sockets(data_folder) == [False, False]
    assert not in_use(data_folder)


def test_two_commands_may_start_them_at_the_same_moment(embedded: Shell, data_folder: Path) -> None:
    """As `serve` and `worker` do. Both migrate; one waits for the other."""
    both = [embedded.start("migrate") for _ in range(2)]
    ends = [(process.finish(PATIENCE), process.returncode) for process in both]
    assert [status for _, status in ends] == [0, 0], ends
    assert all(said.startswith("The database stands at revision") for said, _ in ends), ends
    assert sockets(data_folder) == [False, False]


def start_and_be_killed(folder: Path) -> None:
    """Another process starts the engines and is killed before it could stop them."""
    program = (
        "import os, pathlib, signal, sys\n"
        "from pooling.embedded.engines import running_engines\n"
        "urls = {'database_url': None, 'owner_database_url': None, 'redis_url': None}\n"
        "with running_engines(pathlib.Path(sys.argv[1]), **urls):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], env=os.environ, check=False, timeout=PATIENCE)
    assert ended.returncode == -signal.SIGKILL


def test_what_a_killed_process_left_running_is_named_joined_and_stopped(embedded: Shell, kept_folder: Path) -> None:
    start_and_be_killed(kept_folder)
    left = left_behind(kept_folder)
    assert [server.split()[0] for server in left] == ["PostgreSQL", "Valkey"]
    seen = embedded("doctor")
    assert (seen.exit_code, seen.stdout.count("left behind")) == (0, 2)
    assert sockets(kept_folder) == [False, False]
    assert left_behind(kept_folder) == []


def test_starting_over_stops_what_was_left_running(kept_folder: Path) -> None:
    start_and_be_killed(kept_folder)
    stop_left_behind(kept_folder)
    assert sockets(kept_folder) == [False, False]


@pytest.fixture
def somebody_else() -> Iterator[int]:
    """A process of the user that the server runs as, with nothing to do with it."""
    user = "pgserver" if os.geteuid() == 0 else None
    process = subprocess.Popen(["sleep", "600"], user=user, start_new_session=True)
    yield process.pid
    assert process.poll() is None, "it was taken for the server"
    process.kill()
    process.wait()


def locks(data: Path, process: int) -> dict[str, str]:
    """What a server leaves in its folder when the power goes."""
    socket_lock = f"{process}\n{data}\n1795764576\n5432\n{data}\n"
    return {"postmaster.pid": f"{socket_lock}\n  2207288     32796\nready   \n", ".s.PGSQL.5432.lock": socket_lock}


@pytest.mark.parametrize("left", [["postmaster.pid", ".s.PGSQL.5432.lock"], ["postmaster.pid"], [".s.PGSQL.5432.lock"]])
async def test_lock_files_of_before_a_power_cut_are_no_hindrance(
    kept_folder: Path, somebody_else: int, left: list[str]
) -> None:
    """They name a process that is somebody else's by now."""
    data = kept_folder / "postgres"
    for name in left:
        (data / name).write_text(locks(data, somebody_else)[name])
    server = EmbeddedPostgres(kept_folder)
    connection = await asyncpg.connect(server.address("postgres", "postgres"))
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    server.stop()


@pytest.mark.parametrize("half", ["", "4", "4\n/tmp/postgres\n17957"])
def test_a_lock_file_that_was_half_written_is_no_hindrance(kept_folder: Path, half: str) -> None:
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (kept_folder / "postgres" / name).write_text(half)
    server = EmbeddedPostgres(kept_folder)
    assert answers(kept_folder / "postgres" / ".s.PGSQL.5432")
    server.stop()


def kill_the_server(data: Path) -> None:
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def test_the_last_one_to_leave_stops_the_server_that_another_started_again(kept_folder: Path) -> None:
    server = EmbeddedPostgres(kept_folder)
    kill_the_server(kept_folder / "postgres")
    program = (
        "import pathlib, sys\n"
        "from pooling.embedded.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1])).stop()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(kept_folder)], check=True, timeout=PATIENCE)
    assert answers(kept_folder / "postgres" / ".s.PGSQL.5432")  # we still use it
    server.stop()
    assert not answers(kept_folder / "postgres" / ".s.PGSQL.5432")
    assert processes_of(kept_folder.resolve() / "postgres") == []


def test_leaving_a_server_that_was_killed_spares_whoever_has_its_number_now(
    kept_folder: Path, somebody_else: int
) -> None:
    server = EmbeddedPostgres(kept_folder)
    data = kept_folder.resolve() / "postgres"
    kill_the_server(data)
    while processes_of(data):
        time.sleep(BETWEEN_LOOKS)
    (data / "postmaster.pid").write_text(locks(data, somebody_else)["postmaster.pid"])
    server.stop()


def test_a_deep_folder_gets_a_short_socket_that_every_process_finds(data_folder: Path) -> None:
    """A unix socket's path holds 107 bytes."""
    deep = data_folder / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    first, second = EmbeddedValkey(deep), EmbeddedValkey(deep)
    assert first.url == second.url
    path = Path(first.url.removeprefix("unix://"))
    assert len(str(path)) < 100
    first.stop()
    assert answers(path)
    second.stop()
    assert not answers(path)


def test_the_queue_is_for_its_own_user_alone(data_folder: Path) -> None:
    """It has no password."""
    valkey = EmbeddedValkey(data_folder)
    folder = data_folder / "valkey"
    assert [path.stat().st_mode & 0o077 for path in (folder, folder / "valkey.sock")] == [0, 0]
    with Redis(unix_socket_path=valkey.url.removeprefix("unix://")) as queue:
        assert queue.config_get("port") == {"port": "0"}
        assert queue.config_get("maxmemory") == {"maxmemory": str(64 * 1024**2)}
    valkey.stop()


def test_a_data_folder_that_cannot_be_written_is_one_sentence(embedded: Shell) -> None:
    embedded.settings["data_dir"] = "/proc/pooling"
    refused = embedded("migrate")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("pooling: the data folder /proc/pooling cannot be written")
    with pytest.raises(EngineError), engines(Path("/proc/pooling")):
        pass


def test_the_kept_secret_is_one_for_all_and_for_its_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(kept_secret, [tmp_path / "data"] * 8))
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret-key"]


def test_a_hold_ends_with_its_holder(tmp_path: Path) -> None:
    first, second = Holders(tmp_path, "engine"), Holders(tmp_path, "engine")
    assert not first.anybody()
    first.join()
    second.join()
    assert not first.leave()
    assert second.leave()


def test_a_demonstration_is_alone_in_its_folder(kept_folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with locked(kept_folder / ".demonstration"):
        refused = Shell()("demo", "--data-dir", kept_folder, "--port", port)
    assert refused.exit_code == 2
    assert f"a demonstration already runs in {kept_folder}" in refused.stderr
    with engines(kept_folder):
        refused = Shell()("demo", "--data-dir", kept_folder, "--port", port, "--reset")
        assert "stop it before --reset" in refused.stderr
        assert sockets(kept_folder) == [True, True]

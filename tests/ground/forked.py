"""Programs in processes of their own, which start at once: `ground.zygote` forks them."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from threading import Timer
from typing import TextIO


class Forked:
    """A program that runs, in a session of its own, with what `subprocess.Popen` has of it.

    `program` is what Python runs in place of the command; `handed`, sockets that it finds as a service manager hands
    them over. What it says and its errors go together into `stdout`, unless told otherwise (`PIPE`, `DEVNULL`).
    """

    def __init__(
        self,
        words: Sequence[object],
        environment: Mapping[str, str],
        *,
        program: str | None = None,
        output: int = subprocess.PIPE,
        errors: int = subprocess.STDOUT,
        handed: Sequence[socket.socket] = (),
    ) -> None:
        self.returncode: int | None = None
        self._ended, ended = os.pipe()
        self.stdout, said = _readable(output)
        self.stderr, failed = (None, os.dup(said)) if errors == subprocess.STDOUT else _readable(errors)
        order = {"words": [str(word) for word in words], "environment": dict(environment), "program": program}
        descriptors = [said, failed, ended, *(one.fileno() for one in handed)]
        socket.send_fds(_zygote(), [json.dumps(order).encode()], descriptors)
        for one in (said, failed, ended):
            os.close(one)
        self.pid = int(_zygote().recv(20))

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except TimeoutError:
            return None

    def wait(self, timeout: float) -> int:
        """Its exit code, negative where a signal ended it; `timeout` is in seconds.

        Raises:
            TimeoutError: it has not ended.
        """
        if self.returncode is None:
            if not select([self._ended], [], [], timeout)[0]:
                raise TimeoutError(self.pid)
            self.returncode = int(os.read(self._ended, 20))
            os.close(self._ended)
        return self.returncode

    def finish(self, timeout: float) -> str:
        """All that it says until it ends; it is killed where that takes so many seconds."""
        assert self.stdout is not None
        given_up = Timer(timeout, self.kill)
        given_up.start()
        with self.stdout:
            said = self.stdout.read()
        given_up.cancel()
        self.wait(timeout)
        return said

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _readable(kind: int) -> tuple[TextIO | None, int]:
    """What we read, and the descriptor that is written to."""
    if kind == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_WRONLY)
    ours, theirs = os.pipe()
    return os.fdopen(ours, encoding="utf-8"), theirs


@cache
def _zygote() -> socket.socket:
    """It ends with us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-m", "ground.zygote", str(theirs.fileno())]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    process = subprocess.Popen(
        command, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
    )
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours

"""A process that imports the program once and then forks it for each order that it is sent: to import everything takes
seconds of a processor, and many tests start a program only to stop or kill it. (test_wheel starts it as people do.)

An order is JSON: the words of the command, its environment, and what Python runs in place of the command, if anything.
With it come descriptors: of its output, of its errors, of where its exit code is told, and those that it is handed.
"""

import fcntl
import json
import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any

from pooling.cli.main import COMMANDS

LONGEST = 2**17
"""Bytes of an order."""
MOST_HANDED = 8
HANDED_FROM = 3
"""As a service manager counts."""
ABOVE_ALL = 64
IMPORTED = (*COMMANDS, "pooling.app", "pooling.worker")
COMMAND = "from pooling.cli import main; main()"


def next_order(asked: socket.socket) -> dict[str, Any]:
    """In each process that is forked: what it is to be. Its parent stays to tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who have told
    while True:
        order, descriptors, *_ = socket.recv_fds(asked, LONGEST, MOST_HANDED)
        if not order:
            sys.exit()  # whoever asked has gone
        if not os.fork():
            break
        for one in descriptors:
            os.close(one)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ended = descriptors.pop(2)
    program = os.fork()
    if program:
        _tell(asked, program, ended, descriptors)
    asked.close()
    os.close(ended)
    _take(descriptors)
    return dict(json.loads(order))


def _tell(asked: socket.socket, program: int, ended: int, descriptors: list[int]) -> None:
    asked.send(str(program).encode())
    for one in descriptors:
        os.close(one)
    _, status = os.waitpid(program, 0)
    os.write(ended, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _take(descriptors: list[int]) -> None:
    """The output, the errors and what is handed over, where a program looks for them."""
    os.setsid()
    high = [fcntl.fcntl(one, fcntl.F_DUPFD, ABOVE_ALL) for one in descriptors]
    for one in descriptors:
        os.close(one)
    for place, one in zip((1, 2, *range(HANDED_FROM, HANDED_FROM + MOST_HANDED)), high, strict=False):
        os.dup2(one, place)
        os.close(one)


if __name__ == "__main__":
    for name in IMPORTED:
        import_module(name)
    ordered = next_order(socket.socket(fileno=int(sys.argv[1])))
    os.environ.clear()
    os.environ.update(ordered["environment"])
    sys.argv = ["pooling", *ordered["words"]]
    exec(ordered["program"] or COMMAND, {"__name__": "__main__"})

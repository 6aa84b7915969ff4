"""What a service manager such as systemd hands over and is told: a socket that is listened at before we run and goes on
when we are restarted, that we are ready, and, as long as the event loop turns, that we live.
"""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

FIRST_HANDED_OVER = 3
"""The number of the first descriptor that is passed on (sd_listen_fds)."""


def inherited_sockets() -> list[socket.socket] | None:
    """Those that this very process was handed; None where it is to listen by itself."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=FIRST_HANDED_OVER + place) for place in range(count)] or None


async def tell_manager() -> None:
    """That we are ready, then twice in each of its periods that we live; until cancelled. Tells nobody where no manager
    listens.
    """
    _tell("READY=1")
    every = _period() / 2
    try:
        while every:
            await asyncio.sleep(every)
            _tell("WATCHDOG=1")
        await asyncio.Event().wait()
    finally:
        _tell("STOPPING=1")


def _period() -> float:
    """Seconds; 0 where nobody wants to know."""
    return int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000


def _tell(state: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, suppress(OSError):  # it may be gone
        manager.connect("\0" + address[1:] if address.startswith("@") else address)
        manager.send(state.encode())


def hears_life() -> bool:
    """Whether somebody tells, within a period, that they live: `python -m pooling.kernel.service_manager` is the health
    check of a container, and listens in the place of a manager that is not there.
    """
    place = Path(os.environ["NOTIFY_SOCKET"])
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(place))
        listening.settimeout(_period())
        try:
            return listening.recv(100) != b"STOPPING=1"
        except TimeoutError:
            return False


if __name__ == "__main__":
    sys.exit(not hears_life())

"""The server under the application: uvicorn with h11, and the limits that it does not set by itself."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import h11
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.h11_impl import H11Protocol

from pooling.kernel.limits import BYTES, Readers, limit

_TOLD = (Readers.PROGRAMS, Readers.OPERATORS)

TIME_FOR_A_HEAD = limit(timedelta(seconds=15), "Time for the head of a request to arrive", __name__, *_TOLD)
TIME_BETWEEN_REQUESTS = limit(timedelta(seconds=5), "A connection without any request", __name__, Readers.OPERATORS)
LARGEST_HEAD = limit(16 * 1024, "Head of a request: its first line and headers", __name__, *_TOLD, unit=BYTES)
TURN = 0.001
"""Seconds after which a thread that reads a long body lends the interpreter to who waits for it: a page asks for it
back dozens of times, each time it has waited for the database."""
READ_IN_ONE_GO = 2_048
"""Bytes: what arrives at once is read in such parts, others' requests in between. A body cut into chunks of one byte
costs a second of a processor for every 256 kB."""


class PatientProtocol(H11Protocol):
    """Waits for a head as long as it is said above, and reads a flood by and by."""

    _unread = b""
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread = b""
        self._forget_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._unread:
            self._unread += data
        elif len(data) <= READ_IN_ONE_GO:
            self._read(data)
        else:
            self._unread = data
            self._read_on()

    def _read_on(self) -> None:
        part, self._unread = self._unread[:READ_IN_ONE_GO], self._unread[READ_IN_ONE_GO:]
        if self.transport.is_closing():
            self._unread = b""
            return
        self._read(part)
        if self._unread:
            self.transport.pause_reading()
            self.loop.call_soon(self._read_on)
        elif not self.flow.read_paused:
            self.transport.resume_reading()

    def _read(self, part: bytes) -> None:
        super().data_received(part)
        self._watch_head()

    def _watch_head(self) -> None:
        """While a head is awaited, somebody looks at the clock: from its first byte, or the connection's beginning."""
        if self.conn.their_state is not h11.IDLE:
            self._forget_head()
        elif self._late is None:
            self._late = self.loop.call_later(TIME_FOR_A_HEAD.total_seconds(), self._give_up)

    def _forget_head(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.close()


class QuietServer(uvicorn.Server):
    """Leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(app: Litestar, *, proxies: Sequence[str] = (), **where: Any) -> QuietServer:  # noqa: ANN401 - uvicorn's own
    """The server of this application. `X-Forwarded-For` and `-Proto` are believed from these proxies alone."""
    sys.setswitchinterval(TURN)
    return QuietServer(
        uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            log_config=None,  # ours
            log_level="warning",
            access_log=False,  # addresses of calendars, and links that sign in, are keys
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_keep_alive=TIME_BETWEEN_REQUESTS.seconds,
            **where,
        )
    )

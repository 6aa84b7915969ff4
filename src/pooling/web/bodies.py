"""The body of a request: taken whole, within a size and a time, before anything is opened or locked for it.

Whoever sends decides how long it takes; a handler that waited for it inside its transaction would hold a connection
with the database as long. Called before every handler, so that none ever waits: `request.body()` is there.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE, HTTP_500_INTERNAL_SERVER_ERROR

from pooling.kernel.errors import DomainError, SignInRequired
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.text import whole_number

_TOLD = (Readers.PROGRAMS, Readers.OPERATORS)
LARGEST_BODY = limit(256_000, "Body of any other request", __name__, *_TOLD, unit=BYTES)
"""Bytes of a body, but where a route says otherwise: every ordinary form, every call of the interface for programs."""
LARGEST_LONG_BODY = limit(
    1_500_000,
    "Body of a long form (minutes, lists of people, keys of many members), and of a purchase that a program creates",
    __name__,
    *_TOLD,
    unit=BYTES,
)
"""Bytes of what takes long texts or a line for each of thousands of members: 50 000 codes with their numbers, percent-
encoded, are 1.2 MB. Only people who are signed in may send so much."""
TIME_FOR_A_BODY = limit(
    timedelta(seconds=30),
    "Time for a body to arrive, and a second more for each 50 kB that its address takes",
    __name__,
    *_TOLD,
)
SLOWEST_BODY = 50_000
"""Bytes a second, for the largest that a route takes: slower than the slowest line of a village hall."""
LARGEST_LET_PASS = 50_000_000
"""Bytes of a body that is too large, read and thrown away so that the browser shows the answer rather than a broken
connection."""
READ_AT_ONCE = 20_000
"""Bytes of a body that is read on the spot: a few milliseconds."""
Read = TypeVar("Read")
_reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")


class TooLarge(DomainError):
    status = 413
    code = "too_large"

    def __init__(self, largest: int) -> None:
        super().__init__(f"Cet envoi est trop lourd\u00a0: {_in_words(largest)} au plus.")


class TooSlow(DomainError):
    status = 408
    code = "too_slow"

    def __init__(self) -> None:
        super().__init__("Cet envoi a mis trop de temps à arriver. Recommencez.")


class NeverEnded(DomainError):
    """Nobody reads this: who sent has left."""

    code = "incomplete"

    def __init__(self) -> None:
        super().__init__("Cet envoi n’est pas arrivé en entier. Recommencez.")


async def take_body(request: Request[Any, Any, Any]) -> None:
    """Reads the body; whoever asks for it later finds it there.

    Raises:
        TooLarge: it is longer than its route takes.
        TooSlow: it took too long.
        NeverEnded: it stopped before its end.
    """
    largest = request.route_handler.resolve_request_max_body_size() or LARGEST_BODY
    try:
        async with asyncio.timeout(TIME_FOR_A_BODY.total_seconds() + largest / SLOWEST_BODY):
            try:
                await request.body()
            except HTTPException as refused:
                if refused.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
                    await _let_pass(request)
                    raise TooLarge(largest) from None
                if refused.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
                    raise NeverEnded from None
                raise
    except TimeoutError:
        raise TooSlow from None


async def _let_pass(request: Request[Any, Any, Any]) -> None:
    passed = 0
    while passed < LARGEST_LET_PASS:
        message = await request.receive()
        if message["type"] != "http.request" or not message["more_body"]:
            return
        passed += len(message["body"])


async def read_beside(size: int, read: Callable[..., Read], *given: object) -> Read:
    """What `read` makes of a body: a short one on the spot, a long one beside the event loop, one after the other."""
    if size <= READ_AT_ONCE:
        return read(*given)
    return await asyncio.get_running_loop().run_in_executor(_reading, read, *given)


def only_signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Asked before the body is read: nobody from outside makes us take so much. What any form may have is read, so that
    it can be kept for somebody whose session has ended.
    """
    length = whole_number(connection.headers.get("content-length", ""), 9)
    is_ordinary = length is not None and length <= LARGEST_BODY
    if connection.scope.get("user") is None and not is_ordinary:
        raise SignInRequired


LONG_FORM: dict[str, Any] = {"request_max_body_size": LARGEST_LONG_BODY, "guards": [only_signed_in]}
"""What the decorator of a route that takes a long form adds: `**LONG_FORM`."""


def _in_words(size: int) -> str:
    return f"{size // 1_000_000}\u00a0Mo" if size >= 1_000_000 else f"{size // 1000}\u00a0ko"  # noqa: PLR2004

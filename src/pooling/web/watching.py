"""What is seen of every request from outside: who watches (the log, the figures of `/metrics`) is told once it was
answered, and its number stands in the answer (`X-Request-Id`), on the page of an error and in every line of the log.

No address is told as it was asked, only its route's pattern: some addresses open something, others hold what somebody
typed.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from pooling.kernel.logs import ABOUT

if TYPE_CHECKING:
    from pooling.kernel.logs import Lines

NUMBER = "request_number"
"""In a request's state."""
ASKED_BY_MACHINES = ("/health/", "/static/", "/metrics")
"""Routes whose requests are told as details: they say nothing of what people do, and are most of all."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, once it was answered."""

    number: str
    method: str
    route: str
    """The pattern of its address; empty where no address matched."""
    status: int | None
    """None: whoever asked has left before."""
    seconds: float
    person: int | None
    group: int | None


Watcher = Callable[[Seen], None]


def traced(app: Litestar, inner: ASGIApp) -> ASGIApp:
    """The application inside a span, where its services have telemetry."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        telemetry = app.state.services.telemetry
        if telemetry is None:
            await inner(scope, receive, send)
        else:
            await telemetry.answer(inner, scope, receive, send)

    return answer


def watched(app: Litestar, inner: ASGIApp) -> ASGIApp:
    """The application, seen by its services' watchers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await inner(scope, receive, send)
            return
        began, status = perf_counter(), None
        number = scope["state"][NUMBER] = token_hex(8)

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", number.encode())]
            await send(message)

        before = ABOUT.set(partial(known_of, scope))
        try:
            await inner(scope, receive, sent)
        finally:
            ABOUT.reset(before)
            watchers = app.state.services.watchers
            if watchers:
                seen = _seen(scope, status, perf_counter() - began)
                for watcher in watchers:
                    watcher(seen)

    return answer


def _seen(scope: HTTPScope, status: int | None, seconds: float) -> Seen:
    known = known_of(scope)
    return Seen(
        number=known["request"],
        method=scope["method"],
        route=scope.get("path_template", ""),
        status=status,
        seconds=seconds,
        person=known["person"],
        group=known["group"],
    )


def known_of(scope: Scope) -> Mapping[str, Any]:
    """The ids of a request's number, person and group, as far as it has come."""
    state = scope["state"]
    who, group = state.get("who") or scope.get("user"), state.get("group")
    return {
        "request": state[NUMBER],
        "person": None if who is None else who.person_id,
        "group": None if group is None else group.id,
    }


def telling(lines: "Lines") -> Watcher:
    """Writes a line of the log for each request."""

    def tell(seen: Seen) -> None:
        level = lines.debug if seen.route.startswith(ASKED_BY_MACHINES) else lines.info
        with suppress(OSError):  # nobody reads what is said
            level(
                "request",
                method=seen.method,
                route=seen.route,
                status=seen.status,
                ms=round(seen.seconds * 1000, 1),
                request=seen.number,
                person=seen.person,
                group=seen.group,
            )

    return tell

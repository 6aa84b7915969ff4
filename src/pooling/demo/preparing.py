"""Until the territory stands: the first page says whom one may enter as, and whatever follows that page waits."""

import asyncio
from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from pooling.web.errors import bare_answer

_FIRST = ("/", "/connexion")
_WITHOUT_ROWS = ("/static/", "/health/live")
_READY = "/health/ready"
_STANDS = "territory_stands"


def wait_for_territory(app: Litestar, *, first_page: bool) -> asyncio.Event:
    """Requests wait for this event, from now on. `first_page`: nothing stands yet, nobody can be signed in, so that the
    page where people choose a role is shown meanwhile.
    """
    stands, inner = asyncio.Event(), app.asgi_handler

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and not stands.is_set():
            path = scope["path"]
            if path == _READY:
                await bare_answer(scope, 503, "Le territoire se prépare.")(scope, receive, send)
                return
            if first_page and path in _FIRST and scope["method"] in {"GET", "HEAD"}:
                # A cookie is of an earlier territory: there is no table yet to look for it in.
                scope["headers"] = [header for header in scope["headers"] if header[0] != b"cookie"]
            elif not path.startswith(_WITHOUT_ROWS):
                await stands.wait()
        await inner(scope, receive, send)

    app.asgi_handler = answer
    app.state[_STANDS] = stands
    return stands


def is_prepared(request: Request[Any, Any, Any]) -> bool:
    stands: asyncio.Event | None = request.app.state.get(_STANDS)
    return stands is None or stands.is_set()

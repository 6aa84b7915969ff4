"""Reads who is signed in, before anything else looks at the request."""

from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from pooling.accounts.sessions import read_session
from pooling.web.security import SESSION_COOKIE


class SignInMiddleware(ASGIMiddleware):
    """Puts a `SignedIn` (or None) in `request.user`."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"] = None
        scope["auth"] = None
        request: Request[Any, Any, Any] = Request(scope)
        token = request.cookies.get(SESSION_COOKIE)
        if token and not scope["path"].startswith("/static/"):
            state = request.app.state
            async with state.database.transaction() as session:
                scope["user"] = await read_session(session, token, state.clock.now())
        await next_app(scope, receive, send)

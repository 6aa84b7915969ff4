"""Reads who is signed in, before anything else looks at the request."""

from typing import Any

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from pooling.accounts.keeping import forget_form
from pooling.accounts.sessions import read_session
from pooling.web.api import PREFIX
from pooling.web.security import AUTHOR, RESUMED, SESSION_COOKIE, cookie_of, own_cookie
from pooling.web.services import services_of

WITHOUT_SESSION = ("/static/", PREFIX, "/health/")
"""The interface for programs knows tokens only: a cookie must never open it."""


class SignInMiddleware(ASGIMiddleware):
    """Puts a `SignedIn` (or None) in `request.user`."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"] = None
        scope["auth"] = None
        request: Request[Any, Any, Any] = Request(scope)
        token = cookie_of(request, SESSION_COOKIE)
        new_token: str | None = None
        if token and not scope["path"].startswith(WITHOUT_SESSION):
            services = services_of(request)
            found = await read_session(services.database, token, services.clock.now())
            if found is not None:
                scope["user"], new_token = found
                scope["state"][AUTHOR] = found[0].person_id
        if new_token is not None:
            send = _with_cookie(request, send, new_token)
        await next_app(scope, receive, _forgetting_what_was_sent(request, send))


def _forgetting_what_was_sent(request: Request[Any, Any, Any], send: Send) -> Send:
    """A form that was typed before its session ended is kept until it was sent and taken."""

    async def wrapped(message: Message) -> None:
        person, resumed = request.scope.get("user"), request.scope["state"].get(RESUMED)
        is_taken = message["type"] == "http.response.start" and message["status"] == HTTP_303_SEE_OTHER
        if is_taken and request.method == "POST" and person is not None and resumed is not None:
            async with services_of(request).database.transaction() as session:
                await forget_form(session, person.person_id, resumed, action=request.scope["path"])
        await send(message)

    return wrapped


def _with_cookie(request: Request[Any, Any, Any], send: Send, token: str) -> Send:
    """The answer also hands over the new token. Forms on the page are bound to it."""
    request.scope["state"]["session_token"] = token

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            headers.add("set-cookie", own_cookie(request, SESSION_COOKIE, token).to_header(header=""))
        await send(message)

    return wrapped

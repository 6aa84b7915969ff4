"""HEAD answers as GET does, with the same rights and headers, and no body; OPTIONS says what can be asked."""

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import ASGIApp, Message, Method, Receive, Scope, Send

_METHODS: tuple[Method, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_at(app: Litestar, path: str) -> list[str]:
    """What this address can be asked; nothing where there is none."""
    found: list[str] = []
    for method in _METHODS:
        try:
            app.asgi_router.handle_routing(path=path, method=method)
        except (MethodNotAllowedException, NotFoundException):
            continue
        found += [method, "HEAD"] if method == "GET" else [method]
    return [*found, "OPTIONS"] if found else []


def answering_head(inner: ASGIApp) -> ASGIApp:
    """The application, asked by GET for what it is asked by HEAD."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
            by_get = scope.copy()  # the server's own goes on saying what was asked
            by_get["method"] = "GET"
            await inner(by_get, receive, without_body)
        else:
            await inner(scope, receive, send)

    return answer


def telling_options(app: Litestar, inner: ASGIApp) -> ASGIApp:
    """The framework's own answer to OPTIONS knows no HEAD."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            methods = methods_at(app, scope["path"])
            if methods:
                headers = [(b"allow", ", ".join(methods).encode())]
                await send({"type": "http.response.start", "status": 204, "headers": headers})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
        await inner(scope, receive, send)

    return answer

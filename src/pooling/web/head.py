"""HEAD answers as GET does, with the same rights and headers, and no body."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send


def answering_head(app: ASGIApp) -> ASGIApp:
    """The application, asked by GET for what it is asked by HEAD."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
            by_get = scope.copy()  # the server's own goes on saying what was asked
            by_get["method"] = "GET"
            await app(by_get, receive, without_body)
        else:
            await app(scope, receive, send)

    return answer

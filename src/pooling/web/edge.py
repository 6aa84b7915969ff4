"""The outermost door, before any route is looked for: what no request of a browser or a program of good faith is like.

Checked once for all: address and headers are text without zero bytes, and say in one way where the body ends. Its
answers, and whatever still fails while an answer is made, stand on nothing that the request brought.
"""

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from pooling.kernel.limits import Readers, limit
from pooling.web.errors import bare_answer

LONGEST_ADDRESS = limit(
    8_000, "An address, with what stands behind its question mark", __name__, Readers.PROGRAMS, unit="characters"
)
_CLOSE = (b"connection", b"close")


def behind_edge(app: ASGIApp) -> ASGIApp:
    """The application behind this door."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        body = _Body(scope["headers"], receive)
        send = _closing(send, body)
        refused = _refusal(scope)
        if refused is not None:
            await bare_answer(scope, *refused)(scope, receive, send)
        else:
            await app(scope, cast("Receive", body.receive), send)

    return answer


def _refusal(scope: HTTPScope) -> tuple[int, str] | None:
    """Status and sentence, if this request goes no further."""
    names = [name.lower() for name, _ in scope["headers"]]
    if b"transfer-encoding" in names and b"content-length" in names:
        # Whoever stands between could take another end for the body, and what follows for somebody else's request.
        return 400, "Cette demande donne deux longueurs."
    address = scope.get("raw_path", scope["path"].encode(errors="replace")) + b"?" + scope["query_string"]
    if len(address) > LONGEST_ADDRESS:
        return 414, "Cette adresse est trop longue."
    if not _is_text(unquote_to_bytes(address)):
        return 400, "Cette adresse contient un caractère interdit."
    if any(b"\x00" in value for _, value in scope["headers"]):
        return 400, "Un en-tête contient un caractère interdit."
    return None


def _is_text(sent: bytes) -> bool:
    """UTF-8 (which has no half of a surrogate pair), and no zero byte, which PostgreSQL refuses."""
    try:
        sent.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in sent


class _Body:
    """Whether all of the body has arrived."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> None:
        self._receive = receive
        self.awaited = any(
            name.lower() == b"transfer-encoding" or (name.lower() == b"content-length" and value.strip() != b"0")
            for name, value in headers
        )

    async def receive(self) -> HTTPReceiveMessage:
        message: Any = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.awaited = False
        received: HTTPReceiveMessage = message
        return received


def _closing(send: Send, body: _Body) -> Send:
    """Answers as the application does. Where the body has not arrived, the connection ends with the answer: what still
    comes would be read for ever.
    """

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and body.awaited:
            message["headers"] = [*message.get("headers", []), _CLOSE]
        await send(message)

    return sent

"""One try: an HTTPS request to an address whose name is looked up, and checked, for this very connection.

A name that led to a public address a moment ago may lead to this network now (DNS rebinding): what is connected to is
the address that was checked. Nothing of the answer is read but its status; an answer that leads elsewhere is not
followed.
"""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpcore
from standardwebhooks import Webhook

from pooling.kernel.limits import Readers, limit
from pooling.webhooks.rules import is_public

TIMEOUT = limit(15, "Seconds that the address of a webhook has to answer", __name__, Readers.OPERATORS)


class Trouble(StrEnum):
    """Why nothing was answered."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    PRIVATE = "private"
    CERTIFICATE = "certificate"
    PROTOCOL = "protocol"


@dataclass(frozen=True)
class Answer:
    """What came of a try."""

    status: int | None
    trouble: Trouble | None
    milliseconds: int
    retry_after: str = ""


class _NotPublicError(Exception):
    pass


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses alone, unless this installation allows others."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await _addresses_of(host, port)
        if not self._private and not all(map(is_public, addresses)):
            raise _NotPublicError
        refused: Exception = httpcore.ConnectError(f"no address for {host}")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                refused = failed
        raise refused


async def _addresses_of(host: str, port: int) -> Sequence[str]:
    """Where the name leads now, each once."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failed:
        raise httpcore.ConnectError(str(failed)) from failed
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def signed_headers(message_id: str, body: str, secrets: Sequence[str], now: datetime) -> Mapping[str, str]:
    """The headers of Standard Webhooks: one signature for each secret."""
    at = now.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in secrets),
    }


def written(kind: str, at: datetime, data: Mapping[str, object]) -> str:
    """The body: the same text each time it is sent, since it is signed."""
    whole = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


async def send(url: str, body: str, headers: Mapping[str, str], *, private: bool) -> Answer:
    """Posts it once. Whatever goes wrong is an answer too."""
    began = time.monotonic()
    status, trouble, retry_after = await _post(url, body, headers, private=private)
    return Answer(status, trouble, int((time.monotonic() - began) * 1000), retry_after)


async def _post(
    url: str, body: str, headers: Mapping[str, str], *, private: bool
) -> tuple[int | None, Trouble | None, str]:
    sent: list[tuple[bytes | str, bytes | str]] = [
        *headers.items(),
        ("content-type", "application/json"),
        ("user-agent", "pooling (Standard Webhooks)"),
    ]
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            httpcore.AsyncConnectionPool(network_backend=_CheckedNetwork(private=private), max_connections=1) as pool,
            pool.stream("POST", url, headers=sent, content=body.encode()) as response,
        ):
            named = {name.lower(): value for name, value in response.headers}
            return response.status, None, named.get(b"retry-after", b"").decode("ascii", "replace")
    except (TimeoutError, httpcore.TimeoutException):
        return None, Trouble.TIMEOUT, ""
    except _NotPublicError:
        return None, Trouble.PRIVATE, ""
    except httpcore.ConnectError as failed:
        return None, Trouble.CERTIFICATE if _is_certificate(failed) else Trouble.UNREACHABLE, ""
    except (httpcore.NetworkError, OSError):
        return None, Trouble.UNREACHABLE, ""
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        return None, Trouble.PROTOCOL, ""


def _is_certificate(failed: BaseException | None) -> bool:
    while failed is not None:
        if isinstance(failed, ssl.SSLError):
            return True
        failed = failed.__cause__ or failed.__context__
    return False

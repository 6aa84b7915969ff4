"""The connection of one try, over httpcore, to an address that was checked for it. Loaded by who sends."""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpcore

from pooling.webhooks.rules import is_public
from pooling.webhooks.sending import TIMEOUT, Trouble


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


async def post(
    url: str, body: str, headers: Mapping[str, str], *, private: bool
) -> tuple[int | None, Trouble | None, str]:
    """The status or what went wrong, and what `Retry-After` says."""
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

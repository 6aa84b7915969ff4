"""A mail server of ours on loopback, which behaves as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from pooling.outbox.smtp import SmtpTransport


@dataclass
class Sink:
    """Accepts mails in this process. `received` is what it said `250` to."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refused_addresses: dict[str, str] = field(default_factory=dict)
    """The answer to RCPT TO for these addresses."""
    busy: str | None = None
    """The answer to every DATA."""
    drops_after_data: int = 0
    """How many more mails it takes in without an answer, hanging up instead."""
    hangs: bool = False
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a mail has come in whole and is about to be answered."""
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    """While clear, mails are not answered."""
    connections: int = 0

    def __post_init__(self) -> None:
        self.answer.set()

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]  # as any server in use does; it reads line by line

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused_addresses:
            return self.refused_addresses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.reached.set()
        if self.hangs:
            await asyncio.Event().wait()
        await self.answer.wait()
        if self.drops_after_data:
            self.drops_after_data -= 1
            transport: Any = server.transport
            transport.abort()
            return "250 never said"
        if self.busy:
            return self.busy
        content: Any = envelope.content
        self.received.append(message_from_bytes(content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    def transport(self, *, seconds: float = 5.0) -> SmtpTransport:
        return SmtpTransport(
            urlsplit(f"smtp://127.0.0.1:{self.port}"),
            sender="pooling@territoire.example",
            host="achats.example",
            connect_seconds=seconds,
            send_seconds=seconds,
        )


@asynccontextmanager
async def running(sink: Sink) -> AsyncIterator[Sink]:
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        sink.connections += 1
        return SMTP(sink, hostname="sink", loop=loop, enable_SMTPUTF8=False)

    server = await loop.create_server(protocol, "127.0.0.1", sink.port)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        await server.wait_closed()

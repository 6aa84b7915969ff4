"""Mails by SMTP: one connection for a batch, and what each answer of the server means."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from pooling.mail_addresses import sendable
from pooling.outbox.envelope import Attachment, envelope, host_of
from pooling.outbox.exchange import Exchange, Letter, in_whole_lines
from pooling.outbox.models import Message
from pooling.outbox.transport import Connection, Fault, NotSent, Transport

CONNECT_SECONDS = 30.0
SEND_SECONDS = 60.0
"""For a whole mail. Each well below delivery's lease, which is prolonged before each mail."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_POLICY = re.compile(r"\b5\.7\.\d+\b")
_TOO_BIG = 552
_PERMANENT = 500
_SERVER_CODES = {421, 530, 534, 535, 538, 454}
"""Closing the channel, or asking for a sign-in or TLS that we have not: said to every mail alike."""


def smtp_transport(url: str, *, sender: str, base_url: str) -> Transport:
    """For `smtp://` or `smtps://`, with `user:password@` where the server asks for it."""
    return SmtpTransport(urlsplit(url), sender=sender, host=host_of(base_url))


@dataclass(frozen=True)
class SmtpTransport:
    url: SplitResult
    sender: str
    host: str
    connect_seconds: float = CONNECT_SECONDS
    send_seconds: float = SEND_SECONDS

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        client = self._client()
        try:
            async with asyncio.timeout(self.connect_seconds):
                await client.connect()
                await _introduce(client)
                exchange = Exchange(client)
        except (SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise NotSent(Fault.SERVER, _said(error)) from error
        try:
            yield _Open(exchange, self)
            await _say_goodbye(exchange)
        finally:
            client.close()

    def _client(self) -> SMTP:
        url = self.url
        secure = url.scheme == "smtps"
        local = url.hostname in _LOOPBACK
        return SMTP(
            hostname=url.hostname,
            port=url.port or (465 if secure else 25),
            username=unquote(url.username) if url.username else None,
            password=unquote(url.password) if url.password else None,
            use_tls=secure,
            # On this machine itself STARTTLS adds nothing, and its certificate is seldom one to trust.
            # Elsewhere: when the server offers it; and it must, before a password is said.
            start_tls=False if secure or local else True if url.username else None,
            timeout=self.send_seconds,
        )


@dataclass
class _Open:
    exchange: Exchange
    transport: SmtpTransport
    _ready: tuple[Message, Letter] | None = None
    """The mail that was said to come next, as it was announced."""

    async def send(
        self,
        message: Message,
        now: datetime,
        attachments: Sequence[Attachment] = (),
        *,
        ours: Awaitable[bool] | None = None,
        then: Message | None = None,
    ) -> None:
        try:
            letter = self._letter(message, now, attachments)
        except ValueError as error:
            raise NotSent(Fault.PERMANENT, f"cannot be written as a mail: {error}") from error
        self._ready = self._following(then, now)
        following = self._ready[1] if self._ready else None
        try:
            async with asyncio.timeout(self.transport.send_seconds):
                await self.exchange.send(letter, ours, following)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            raise NotSent(fault_of(error), _said(error)) from error

    def _letter(self, message: Message, now: datetime, attachments: Sequence[Attachment] = ()) -> Letter:
        if self._ready is not None and self._ready[0] is message:
            return self._ready[1]
        sender, host = self.transport.sender, self.transport.host
        mail = envelope(message, sender=sender, host=host, now=now, attachments=attachments)
        return Letter(sendable(sender), sendable(message.recipient), in_whole_lines(mail))

    def _following(self, then: Message | None, now: datetime) -> tuple[Message, Letter] | None:
        """What is wrong with it is told in its own turn."""
        if then is None or not self.exchange.at_one_go:
            return None
        with suppress(ValueError):
            return then, self._letter(then, now)
        return None


def fault_of(error: Exception) -> Fault:
    """Whose fault an answer is: this mail's, or everybody's."""
    if isinstance(error, ValueError):
        return Fault.PERMANENT  # an address that this server cannot take
    if isinstance(error, SMTPSenderRefused) and error.code == _TOO_BIG:
        return Fault.PERMANENT
    if not isinstance(error, SMTPRecipientRefused | SMTPDataError) or error.code in _SERVER_CODES:
        return Fault.SERVER  # no connection, greeting, sign-in, our own address: the same for every mail
    # 5.7.x is a refusal by policy. A relay set up wrongly says so to every address: were it taken at its
    # word, one wrong setting would lose a whole mailing.
    transient = error.code < _PERMANENT or _POLICY.search(error.message)
    return Fault.TRANSIENT if transient else Fault.PERMANENT


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"[:500]
    return (str(error) or type(error).__name__)[:500]


async def _introduce(client: SMTP) -> None:
    """Says who we are, unless it was asked already what the server can do: it is asked anew once TLS is on."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError:
            await client.helo()


async def _say_goodbye(exchange: Exchange) -> None:
    """Politely, but without waiting for long: the mails are settled."""
    with suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(2):
            await exchange.quit()

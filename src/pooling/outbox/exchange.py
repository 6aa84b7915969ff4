"""What is said to a mail server for each mail (RFC 5321), once aiosmtplib has connected, secured and signed in: who
sends it, to whom and that it follows, at one go where the server offers it (PIPELINING, RFC 2920), behind the mail
before where there is one. What became of that one is committed before this one is said. aiosmtplib waits for each of
the three replies, and took a third of a mail's time (docs/performance.md).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponse,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from aiosmtplib.protocol import normalize_message_line_endings

LONGEST_REPLY = 64 * 1024
DONE, WILL_FORWARD, FOLLOW, MALFORMED = 250, 251, 354, -1
Reply = asyncio.Future[SMTPResponse]


@dataclass(frozen=True, eq=False)
class Letter:
    """A mail as it is said: from whom, to whom, and its bytes `in_whole_lines`."""

    sender: str
    recipient: str
    mail: bytes


class Exchange(asyncio.Protocol):
    """The connection of a client that is ready for mails, from now on this one's. Replies come in the order of the
    commands (RFC 2920, 3.2).
    """

    def __init__(self, client: SMTP) -> None:
        """Raises:
        SMTPServerDisconnected: nobody is there any more.
        """
        transport = client.transport
        if not isinstance(transport, asyncio.Transport) or transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")
        self._transport = transport
        self.at_one_go = client.supports_extension("pipelining")
        self._tells_size = client.supports_extension("size")
        self._awaited: deque[Reply] = deque()
        self._announced: tuple[Letter, list[Reply]] | None = None
        self._unread, self._lines = b"", list[str]()
        transport.set_protocol(self)

    async def send(self, letter: Letter, ours: Awaitable[bool] | None = None, then: Letter | None = None) -> None:
        """Returns once the server has answered for the mail (`250`). Where it is not `ours` the connection is ended
        instead: a server that waits for a mail keeps nothing of one that does not come (RFC 5321, 4.1.1.4). `then` is
        announced behind it, where the server takes commands `at_one_go`: it is what is to be sent next.

        Raises:
            SMTPException: it did not take it; which one says what it refused.
        """
        await self._open(letter)
        if ours is not None and not await asyncio.shield(ours):  # what it commits outlasts our patience with the server
            self._transport.close()
            return
        following = self._opening(then) if then is not None and self.at_one_go else []
        taken, *replies = self._say(stuffed(letter.mail) + b".\r\n", *following)
        if then is not None and following:
            self._announced = then, replies
        code, said = await taken  # whatever is answered to what follows: that is for its own turn
        if code != DONE:
            if not following:
                await self._start_over([])
            raise SMTPDataError(code, said)

    async def _open(self, letter: Letter) -> None:
        """Announces it, unless it was announced behind the one before."""
        announced, self._announced = self._announced, None
        if announced is not None:
            assert announced[0] is letter, "it was said to be the next one"
            replies = announced[1]
            await _there(replies)
            await self._refused(letter, replies)
            return
        replies, opening = [], self._opening(letter)
        for commands in [opening] if self.at_one_go else [[line] for line in opening]:
            replies += self._say(*commands)
            await _there(replies)
            await self._refused(letter, replies)

    async def _refused(self, letter: Letter, replies: Sequence[Reply]) -> None:
        refused = _refusal(replies, letter.sender, letter.recipient)
        if refused is not None:
            await self._start_over(replies)
            raise refused

    def _opening(self, letter: Letter) -> list[bytes]:
        size = f" SIZE={len(letter.mail)}" if self._tells_size else ""
        lines = [f"MAIL FROM:<{letter.sender}>{size}", f"RCPT TO:<{letter.recipient}>", "DATA"]
        if any(not line.isprintable() for line in lines):
            raise ValueError("an address that would be another command")
        return [f"{line}\r\n".encode("ascii") for line in lines]

    async def quit(self) -> None:
        await self._ask(b"QUIT\r\n")

    async def _start_over(self, replies: Sequence[Reply]) -> None:
        """After a refusal, for the next mail."""
        with suppress(SMTPException):
            if len(replies) > 2 and replies[2].result().code == FOLLOW:  # noqa: PLR2004 - the one to DATA
                await self._ask(b".\r\n")  # it asks for the mail that it has refused: nothing follows (RFC 2920, 3.1)
            await self._ask(b"RSET\r\n")

    async def _ask(self, command: bytes) -> None:
        """Waits for the reply, or for how the connection ended before."""
        await _there(self._say(command))

    def _say(self, *commands: bytes) -> list[Reply]:
        if self._transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")
        replies: list[Reply] = [asyncio.get_running_loop().create_future() for _ in commands]
        self._awaited.extend(replies)
        self._transport.write(b"".join(commands))
        return replies

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._unread) + sum(map(len, self._lines)) > LONGEST_REPLY:
            self._end(SMTPResponseException(MALFORMED, "Response too long"))

    def _take(self, line: bytes) -> None:
        code = line[:3]
        if len(code) != 3 or not code.isdigit():  # noqa: PLR2004 - RFC 5321, 4.2
            self._end(SMTPResponseException(MALFORMED, f"Malformed SMTP response line: {line[:200]!r}"))
            return
        self._lines.append(line[4:].strip().decode("utf-8", "surrogateescape"))
        if line[3:4] != b"-":
            said, self._lines = "\n".join(self._lines), []
            reply = self._awaited.popleft() if self._awaited else None  # what was not asked for answers nothing
            if reply is not None and not reply.done():
                reply.set_result(SMTPResponse(int(code), said))

    def connection_lost(self, exc: Exception | None) -> None:
        lost = SMTPServerDisconnected("Connection lost")
        lost.__cause__ = exc
        self._end(lost)

    def _end(self, why: SMTPException) -> None:
        self._transport.close()
        self._unread, self._lines = b"", []
        while self._awaited:
            reply = self._awaited.popleft()
            if not reply.done():
                reply.set_exception(why)
                reply.exception()  # seen, though nobody may ask for it


async def _there(replies: Sequence[Reply]) -> None:
    """Waits for the last of them, or for how the connection ended before."""
    with suppress(SMTPException):
        await replies[-1]


def _refusal(replies: Sequence[Reply], sender: str, recipient: str) -> SMTPException | None:
    """The first thing that is wrong with the replies to who sends, to whom, and that it follows."""
    for place, reply in enumerate(replies):
        lost = reply.exception()
        if isinstance(lost, SMTPException):
            return lost
        code, said = reply.result()
        if place == 0 and code != DONE:
            return SMTPSenderRefused(code, said, sender)
        if place == 1 and code not in {DONE, WILL_FORWARD}:
            return SMTPRecipientRefused(code, said, recipient)
        if place == 2 and code != FOLLOW:  # noqa: PLR2004
            return SMTPDataError(code, said)
    return None


def in_whole_lines(mail: bytes) -> bytes:
    """With CRLF alone, at its end too: a lone sign of the two could be taken for the end of the mail, and what follows
    it for a mail of its own.
    """
    lines = mail.count(b"\r\n")
    if lines == mail.count(b"\n") == mail.count(b"\r") and mail.endswith(b"\r\n"):
        return mail
    return normalize_message_line_endings(mail)


def stuffed(mail: bytes) -> bytes:
    """A line that begins with a dot has another one before it (RFC 5321, 4.5.2)."""
    return (b"." if mail.startswith(b".") else b"") + mail.replace(b"\r\n.", b"\r\n..")

"""The mailbox that answers to our mails arrive in, by IMAP: looked into, never changed. It is opened for reading alone
and no mail of it is marked as read, so that whoever looks after it finds everything.

What was seen is remembered while the process runs; another one begins with the mails of the last days. Each counts once
all the same (`receiving.py`).
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from imaplib import IMAP4
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from pooling.kernel.limits import Readers, limit

if TYPE_CHECKING:
    from imapclient import IMAPClient

SECONDS = 15.0
"""For the server to answer anything at all."""
BACK = limit(timedelta(days=7), "A worker that starts looks at mails that came back since", __name__, Readers.OPERATORS)
AT_MOST = 200
"""Mails that are looked at in one go; the next minute goes on."""
LARGEST = 256 * 1024
"""Of a mail, from its beginning on: what is for programs stands there."""
FOLDER = "INBOX"
FAULTS = (IMAP4.error, OSError, ValueError, LookupError)
"""What a server that is away, refuses us or talks nonsense is met with."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_FOR_PROGRAMS = ("delivery-status", "calendar")
_STRUCTURE, _ARRIVED, _CONTENT = b"BODYSTRUCTURE", b"INTERNALDATE", b"BODY[]<0>"


@dataclass(frozen=True)
class Arrived:
    """A mail that may be for a program."""

    content: bytes
    at: datetime
    """By the server's clock."""


@dataclass
class Mailbox:
    """`imaps://user:password@host/folder`. Its methods block: they are for a thread."""

    url: SplitResult
    seconds: float = SECONDS
    validity: int = 0
    """The series that mails are numbered in (UIDVALIDITY); with another one the numbers mean other mails."""
    last: int = 0
    """The number of the last mail that was looked at."""

    @classmethod
    def at(cls, url: str, *, seconds: float = SECONDS) -> "Mailbox":
        return cls(urlsplit(url), seconds)

    def arrived(self, now: datetime) -> list[Arrived]:
        """What has come since the last time, at most so many; raises one of `FAULTS`."""
        with self._opened() as server:
            numbers = self._new(server, now)
            found = list(_read(server, numbers))
        self.last = max(numbers, default=self.last)
        return found

    def greet(self) -> None:
        """Signs in and looks whether the folder is there; raises one of `FAULTS`."""
        with self._opened():
            pass

    @contextmanager
    def _opened(self) -> Iterator["IMAPClient"]:
        from imapclient import IMAPClient  # noqa: PLC0415 - most installations have no mailbox

        url, host, secure = self.url, self.url.hostname or "", self.url.scheme == "imaps"
        trusted = ssl.create_default_context()
        server = IMAPClient(host, url.port, ssl=secure, ssl_context=trusted, timeout=self.seconds)
        try:
            server.normalise_times = False  # with their offset
            if not secure and host not in _LOOPBACK:
                server.starttls(trusted)  # a password is said next
            server.login(unquote(url.username or ""), unquote(url.password or ""))
            validity = server.select_folder(unquote(url.path).strip("/") or FOLDER, readonly=True)[b"UIDVALIDITY"]
            if validity != self.validity:
                self.validity, self.last = validity, 0
            yield server
        finally:
            with suppress(*FAULTS):
                server.logout()

    def _new(self, server: "IMAPClient", now: datetime) -> Sequence[int]:
        """Numbers of the mails of the last days that were not looked at, the oldest first."""
        found = server.search(["UID", f"{self.last + 1}:*", "SINCE", (now - BACK).date()])
        # `5:*` names the last mail also where its number is below 5.
        return sorted(number for number in found if number > self.last)[:AT_MOST]


def _read(server: "IMAPClient", numbers: Sequence[int]) -> Iterator[Arrived]:
    """Those of which a part says that it is for a program; the others are not read."""
    described = server.fetch(numbers, [_STRUCTURE])
    for number, parts in described.items():
        if any(word in repr(parts[_STRUCTURE]).lower() for word in _FOR_PROGRAMS):
            mail = server.fetch([number], [_ARRIVED, f"BODY.PEEK[]<0.{LARGEST}>".encode()]).get(number, {})
            if _CONTENT in mail:  # nobody took it away meanwhile
                yield Arrived(mail[_CONTENT], mail[_ARRIVED])

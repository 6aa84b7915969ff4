"""Where mails go out.

Delivery knows only this protocol; SMTP stands behind it, and in the demonstration nothing does.
"""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from pooling.outbox.envelope import Attachment
from pooling.outbox.models import Message


class Fault(Enum):
    """Why a mail did not go out, which decides what becomes of it."""

    PERMANENT = auto()
    """This mail, never: it fails, alone."""
    TRANSIENT = auto()
    """This mail, not now: it is tried again, five times over a day."""
    SERVER = auto()
    """No mail at all: the server is away, hangs, drops us or refuses us. It counts for no try."""


class NotSent(Exception):
    """The server did not take a mail."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason


class Connection(Protocol):
    async def send(
        self,
        message: Message,
        now: datetime,
        attachments: Sequence[Attachment] = (),
        *,
        ours: Awaitable[bool] | None = None,
        then: Message | None = None,
    ) -> None:
        """Returns once the server has answered for the mail (`250`). It is announced at once, and said only once `ours`
        tells that it is still ours to send; otherwise it returns too, the server has nothing of it, and the connection
        is of no more use. `then` is what is to be sent next over it, without files: it may be announced already.

        Raises:
            NotSent: it did not take it.
        """


class Transport(Protocol):
    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """One connection, for a batch. Entering raises `NotSent` when there is nobody at the other end."""


@dataclass(frozen=True)
class KeptInOutbox:
    """Sends nothing and says that all went well: the demonstration shows its mails from the outbox."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        yield self

    async def send(
        self,
        message: Message,
        now: datetime,
        attachments: Sequence[Attachment] = (),
        *,
        ours: Awaitable[bool] | None = None,
        then: Message | None = None,
    ) -> None:
        """Nothing to do: the row is the mail."""

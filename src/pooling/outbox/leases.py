"""A batch of messages under a lease: claimed together, settled one by one, never by two deliveries."""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pooling.kernel.database import Database
from pooling.kernel.leases import Lease
from pooling.outbox.envelope import Attachment
from pooling.outbox.models import Message, MessageState

LEASE = timedelta(seconds=90)
"""Longer than sending one mail may take, by half a minute, and no longer: so long a sign-in code waits whose delivery
was killed. Before each mail it is prolonged where a quarter of a minute of it is gone (`hold_messages`); what waits
behind a slow one may be taken over by somebody else meanwhile.
"""

_ATTACHED = text(
    "SELECT sha256, name, media_type, content FROM attached_files(:lease, :id, CAST(:known AS bytea[])) "
    "WITH ORDINALITY ORDER BY ordinality"
)


@asynccontextmanager
async def steps_of_their_own(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection whose every statement is a transaction: a mail costs one exchange with the database, not six.

    Only for the functions that take messages of any group: no group is set on it.
    """
    async with database.transaction() as session:
        bind = session.bind
    if isinstance(bind, AsyncEngine):
        async with bind.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
    else:
        assert isinstance(bind, AsyncConnection)  # a test's outer transaction
        yield bind


class Contents:
    """Files that mails just carried: thousands of mails carry the same, which is loaded and encoded once."""

    def __init__(self, most_bytes: int = 32 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._known: dict[bytes, Attachment] = {}

    @property
    def known(self) -> list[bytes]:
        return list(self._known)

    def attachments(self, files: Iterable[tuple[bytes, str, str, bytes | None]]) -> list[Attachment]:
        """The files of one mail: (SHA-256, name, media type, content, which is None for one that is `known`)."""
        found = []
        for sha256, name, media_type, content in files:
            same = self._known.pop(sha256, None)
            if same is None or (same.name, same.media_type) != (name, media_type):
                bytes_ = same.content if same is not None else content
                assert bytes_ is not None, "the server leaves out what is known alone"
                same = Attachment(name, media_type, bytes_)
            self._known[sha256] = same  # the last one used comes last
            found.append(same)
        while len(self._known) > 1 and sum(len(each.content) for each in self._known.values()) > self._most_bytes:
            del self._known[next(iter(self._known))]
        return found


class Batch:
    """What one delivery holds, a few messages at a time. `waiting` was claimed and nothing was said to the server about
    it yet.
    """

    def __init__(self, connection: AsyncConnection, contents: Contents) -> None:
        self._connection = connection
        self._contents = contents
        self._lease = Lease("messages", LEASE)
        self.waiting: deque[Message] = deque()
        self.in_hand: Message | None = None
        self.taken: Message | None = None
        """The server has answered for it, and its row does not say so yet."""
        self.announced: Message | None = None
        """What the server was told, or is told any moment, that follows."""
        self.sent = 0
        """Over the present connection."""
        self.stopped = False
        """Somebody wants the mail in hand to be the last."""
        self.more_due = False
        """The last claim took as many as it might."""

    async def claim(self, now: datetime, most: int) -> None:
        """Takes what is due, as many as that: what somebody waits for in front of a screen first."""
        rows = await self._lease.claim(self._connection, now, most=most)
        known = {message.id for message in self.waiting}  # whose lease had run out is taken again
        # Rows as they come: a `Message` of the session's own costs an eighth of sending one.
        messages = [cast("Message", SimpleNamespace(**row)) for row in rows if row["id"] not in known]
        self.waiting.extend(sorted(messages, key=lambda message: (message.priority, message.id)))
        self.more_due = len(rows) == most

    async def hold(self, message: Message, now: datetime) -> bool:
        """Checks that it is still ours, prolongs its lease and has it in hand; at one go, says of the one before that
        the server has taken it. Not ours any more: it was withdrawn, or somebody else was quicker.
        """
        if self.taken is None:
            held = await self._lease.hold(self._connection, [message.id], now)
        else:
            taken = [self.taken.id]
            _, held = await self._lease.settle(self._connection, taken, MessageState.SENT, now, then_hold=[message.id])
            self.taken = None
        self.in_hand = message if message.id in held else None
        return self.in_hand is not None

    async def settle_taken(self, now: datetime) -> None:
        """Says of the mail that the server has taken that it was sent, where that was not said yet."""
        if self.taken is not None:
            await self._lease.settle(self._connection, [self.taken.id], MessageState.SENT, now)
            self.taken = None

    async def attachments(self, message: Message) -> list[Attachment]:
        """What goes along with a message that is held. A file that was removed since does not."""
        if not message.attachments:
            return []
        rows = await self._connection.execute(
            _ATTACHED, {"lease": self._lease.token, "id": message.id, "known": self._contents.known}
        )
        return self._contents.attachments(tuple(row) for row in rows)

    async def settle(
        self,
        messages: Iterable[Message],
        state: MessageState,
        now: datetime,
        *,
        try_at: datetime | None = None,
        reason: str | None = None,
        tries: int = 0,
    ) -> None:
        """Says what became of messages."""
        ids = [message.id for message in messages]
        await self._lease.settle(self._connection, ids, state, now, try_at=try_at, reason=reason, tries=tries)
        self.in_hand = None

    async def free_waiting(self, now: datetime, try_at: datetime) -> int:
        """Gives back what was not begun; returns how many that were."""
        messages = tuple(self.waiting)
        self.waiting.clear()
        if messages:
            await self.settle(messages, MessageState.QUEUED, now, try_at=try_at)
        return len(messages)

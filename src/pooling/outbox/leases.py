"""A batch of messages under a lease: claimed together, settled one by one, never by two deliveries."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pooling.kernel.database import Database
from pooling.outbox.models import Message, MessageState

LEASE = timedelta(minutes=5)
"""Longer than connecting and sending one mail may take."""

_CLAIM = text("SELECT * FROM claim_messages(:lease, :now, :until, :most)")
_SETTLE_AND_HOLD = text("""
SELECT ARRAY(SELECT settle_messages(:lease, :ids, :state, :now, :try_at, :reason, :tries)),
    ARRAY(SELECT hold_messages(:lease, :next_ids, :until))
""")
_HOLD = text("SELECT * FROM hold_messages(:lease, :next_ids, :until)")


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


class Batch:
    """What one delivery holds. `waiting` was claimed and nothing was said to the server about it yet."""

    def __init__(self, connection: AsyncConnection, lease: str, messages: Sequence[Message]) -> None:
        self._connection = connection
        self._lease = lease
        self._held: set[int] = set()
        self.waiting = deque(messages)
        self.in_hand: Message | None = None
        self.sent = 0

    @classmethod
    async def claim(cls, connection: AsyncConnection, now: datetime, most: int) -> "Batch":
        lease = uuid4().hex
        rows = await connection.execute(_CLAIM, {"lease": lease, "now": now, "until": now + LEASE, "most": most})
        messages = [Message(**row) for row in rows.mappings()]
        return cls(connection, lease, sorted(messages, key=lambda message: (message.priority, message.id)))

    def _next(self, now: datetime) -> dict[str, object]:
        ids = [self.waiting[0].id] if self.waiting else []
        return {"lease": self._lease, "next_ids": ids, "until": now + LEASE}

    async def hold_next(self, now: datetime) -> None:
        """Checks that the next message is still ours, and prolongs its lease."""
        held = await self._connection.execute(_HOLD, self._next(now))
        self._held = set(held.scalars())

    def take(self) -> Message | None:
        """The next message, in hand from now on; None when it was withdrawn or is somebody else's by now."""
        message = self.waiting.popleft()
        if message.id not in self._held:
            return None
        self.in_hand = message
        return message

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
        """Says what became of messages and, at one go, holds the next one."""
        settled = await self._connection.execute(
            _SETTLE_AND_HOLD,
            {
                **self._next(now),
                "ids": [message.id for message in messages],
                "state": str(state),
                "now": now,
                "try_at": try_at,
                "reason": reason,
                "tries": tries,
            },
        )
        self._held = set(settled.one()[1])
        self.in_hand = None

    async def free_waiting(self, now: datetime, try_at: datetime) -> int:
        """Gives back what was not begun; returns how many that were."""
        messages = tuple(self.waiting)
        self.waiting.clear()
        if messages:
            await self.settle(messages, MessageState.QUEUED, now, try_at=try_at)
        return len(messages)

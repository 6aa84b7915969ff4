"""A batch of messages under a lease: claimed together, settled one by one, never by two deliveries."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import Database
from pooling.outbox.models import Message, MessageState

LEASE = timedelta(minutes=5)
"""Longer than connecting and sending one mail may take."""

_CLAIM = text("SELECT * FROM claim_messages(:lease, :now, :until, :most)")
_HOLD = text("SELECT * FROM hold_messages(:lease, :ids, :until)")
_SETTLE = text("SELECT * FROM settle_messages(:lease, :ids, :state, :now, :try_at, :reason, :tries)")


class Batch:
    """What one delivery holds. `waiting` was claimed and nothing was said to the server about it yet."""

    def __init__(self, lease: str, messages: Sequence[Message]) -> None:
        self._lease = lease
        self._held: set[int] = set()
        self.waiting = deque(messages)
        self.in_hand: Message | None = None
        self.sent = 0

    @classmethod
    async def claim(cls, database: Database, now: datetime, most: int) -> "Batch":
        lease = uuid4().hex
        async with database.transaction() as session:
            claimed = await session.execute(
                select(Message).from_statement(_CLAIM),
                {"lease": lease, "now": now, "until": now + LEASE, "most": most},
            )
            messages = sorted(claimed.scalars(), key=lambda message: (message.priority, message.id))
        return cls(lease, messages)

    async def hold_next(self, session: AsyncSession, now: datetime) -> None:
        """Checks that the next message is still ours, and prolongs its lease."""
        if self.waiting:
            held = await session.execute(
                _HOLD, {"lease": self._lease, "ids": [self.waiting[0].id], "until": now + LEASE}
            )
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
        session: AsyncSession,
        messages: Iterable[Message],
        state: MessageState,
        now: datetime,
        *,
        try_at: datetime | None = None,
        reason: str | None = None,
        tries: int = 0,
    ) -> None:
        await session.execute(
            _SETTLE,
            {
                "lease": self._lease,
                "ids": [message.id for message in messages],
                "state": str(state),
                "now": now,
                "try_at": try_at,
                "reason": reason,
                "tries": tries,
            },
        )

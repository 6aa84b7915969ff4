"""Rows that workers take one from another's reach: claimed, held while the work lasts, then settled or freed.

A claim is committed before the work begins, so that whoever is killed at it loses nothing: once its lease has run out,
another claims the row. Whoever was too slow learns so from what it holds and settles, and keeps nothing.

A table of such rows has three functions, made by the migration that makes it, since a worker is of no group:
`claim_T(lease, at, until, most)` takes rows that are due and commits to them (`FOR UPDATE SKIP LOCKED`, so that two
never take the same one); `hold_T(lease, ids, until)` prolongs, and `settle_T(lease, ids, state, at, try_at, reason,
tries)` ends what is still this lease's; both say of which rows that was true.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

Where = AsyncConnection | AsyncSession


@dataclass(frozen=True)
class Lease:
    """What one worker holds of one table, for so long at a time."""

    table: str
    lasts: timedelta
    token: str = field(default_factory=lambda: uuid4().hex)

    async def claim(self, where: Where, now: datetime, *, most: int = 1) -> Sequence[RowMapping]:
        """Takes what is due, as many rows as that."""
        claim = text(f"SELECT * FROM claim_{self.table}(:lease, :now, :until, :most)")  # noqa: S608 - our own table
        given = {"lease": self.token, "now": now, "until": now + self.lasts, "most": most}
        return (await where.execute(claim, given)).mappings().all()

    async def hold(self, where: Where, ids: Collection[int], now: datetime) -> set[int]:
        """Prolongs; returns those that are still ours."""
        held = await where.execute(text(f"SELECT {self._hold}"), self._held(ids, now))
        return set(held.scalars())

    async def settle(
        self,
        where: Where,
        ids: Collection[int],
        state: str,
        now: datetime,
        *,
        try_at: datetime | None = None,
        reason: str | None = None,
        tries: int = 0,
        then_hold: Collection[int] = (),
    ) -> tuple[set[int], set[int]]:
        """Says what became of rows; `tries` is how many it counts for, `try_at` when one that waits again is due.

        Holds others at one go. Returns which were still ours of the first and of the others.
        """
        settle = text(
            f"SELECT ARRAY(SELECT settle_{self.table}(:lease, :settled, :state, :now, :try_at, :reason, :tries)), "
            f"ARRAY(SELECT {self._hold})"
        )
        given = {
            **self._held(then_hold, now),
            "settled": list(ids),
            "state": str(state),
            "now": now,
            "try_at": try_at,
            "reason": reason,
            "tries": tries,
        }
        settled, held = (await where.execute(settle, given)).one()
        return set(settled), set(held)

    @property
    def _hold(self) -> str:
        return f"hold_{self.table}(:lease, :held, :until)"

    def _held(self, ids: Collection[int], now: datetime) -> dict[str, Any]:
        return {"lease": self.token, "held": list(ids), "until": now + self.lasts}

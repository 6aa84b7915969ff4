"""Rows that workers take one from another's reach: claimed, held while the work lasts, then settled or freed.

A claim is committed before the work begins, so that whoever is killed at it loses nothing: once its lease has run out,
another claims the row. Whoever was too slow learns so from what it holds and settles, and keeps nothing.

A table of such rows has three functions, made by the migration that makes it, since a worker is of no group:
`claim_T(lease, at, until, most)` takes rows that are due and commits to them (`FOR UPDATE SKIP LOCKED`, so that two
never take the same one); `hold_T(lease, ids, until)` prolongs, and `settle_T(lease, ids, state, at, try_at, reason,
tries)` ends what is still this lease's; both say of which rows that was true.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from asyncpg import Record

from pooling.kernel.database import Where, fetch


@dataclass(frozen=True)
class Lease:
    """What one worker holds of one table, for so long at a time."""

    table: str
    lasts: timedelta
    token: str = field(default_factory=lambda: uuid4().hex)

    async def claim(self, where: Where, now: datetime, *, most: int = 1) -> list[Record]:
        """Takes what is due, as many rows as that."""
        claim = f"SELECT * FROM claim_{self.table}($1, $2, $3, $4)"  # noqa: S608 - our own table
        return await fetch(where, claim, self.token, now, now + self.lasts, most)

    async def hold(self, where: Where, ids: Collection[int], now: datetime) -> set[int]:
        """Prolongs; returns those that are still ours."""
        hold = f"SELECT hold_{self.table}($1, $2, $3) AS held"
        return {row["held"] for row in await fetch(where, hold, self.token, list(ids), now + self.lasts)}

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
        settle = (
            f"SELECT ARRAY(SELECT settle_{self.table}($1, $2, $3, $4, $5, $6, $7)) AS settled, "
            f"ARRAY(SELECT hold_{self.table}($1, $8, $9)) AS held"
        )
        given = (self.token, list(ids), str(state), now, try_at, reason, tries, list(then_hold), now + self.lasts)
        (row,) = await fetch(where, settle, *given)
        return set(row["settled"]), set(row["held"])

"""Where time comes from. Rules never read it: they are given `now`."""

from datetime import UTC, date, datetime
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2200, 12, 31)
"""Days of our time. Beyond them a zone, a number of days more or the database may have no date left."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    async def at_database(self, session: AsyncSession) -> datetime:
        """The database's own time, read now (not when the transaction began): the one that decides on deadlines."""

    def when_told(self, told: datetime) -> datetime:
        """The same where a statement told its `clock_timestamp()` among other things."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def at_database(self, session: AsyncSession) -> datetime:
        # clock_timestamp and not now(): the latter stands still since the transaction began, before the lock was won.
        instant: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return instant

    def when_told(self, told: datetime) -> datetime:
        return told


class FixedClock:
    """A clock that stands where it was put: time passed in, for tests and for `--at`."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    async def at_database(self, session: AsyncSession) -> datetime:  # noqa: ARG002
        return self.instant

    def when_told(self, told: datetime) -> datetime:  # noqa: ARG002
        return self.instant

"""How often something may be tried: an atomic counter per key.

It counts in a transaction of its own, so that a refused try counts too.
"""

from datetime import datetime, timedelta

from sqlalchemy import text

from pooling.kernel.database import Database
from pooling.kernel.errors import DomainError


class TooMany(DomainError):
    status = 429
    code = "too_many"

    def __init__(self) -> None:
        super().__init__("Trop d’essais en peu de temps. Patientez quelques minutes, puis recommencez.")


async def count(database: Database, key: str, *, at: datetime, window: timedelta, most: int) -> None:
    """Counts one more try under this key.

    Raises:
        TooMany: there were more than `most` since the window began.
    """
    async with database.transaction() as session:
        row = await session.execute(
            text(
                "INSERT INTO throttles AS t (key, since, count) VALUES (:key, :at, 1) ON CONFLICT (key) DO UPDATE SET "
                "count = CASE WHEN t.since <= :begun THEN 1 ELSE t.count + 1 END, "
                "since = CASE WHEN t.since <= :begun THEN excluded.since ELSE t.since END RETURNING count"
            ),
            {"key": key, "at": at, "begun": at - window},
        )
        tries: int = row.scalar_one()
    if tries > most:
        raise TooMany

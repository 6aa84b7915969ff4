"""A second PostgreSQL that follows the first and answers questions alone (streaming replication): what reads a million
rows asks it, so that those who type do not wait. It is never asked before it knows all that the first one knew at that
moment, and whatever is wrong with it the first one is asked, and the log says so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from asyncpg import InterfaceError, PostgresError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import Database
from pooling.kernel.limits import Readers, limit

log = logging.getLogger(__name__)

BEHIND = limit(5, "A replica is waited for that is behind, then the first one is asked", __name__, Readers.OPERATORS,
               unit="seconds")  # fmt: skip
_STEP = 0.05
_FAULTS = (OSError, SQLAlchemyError, PostgresError, InterfaceError)
Answer = TypeVar("Answer")


class _Behind(ConnectionError):
    """It does not know yet what is to be read, or follows nobody."""


async def read_beside(
    database: Database,
    replica: Database | None,
    group_id: int,
    question: Callable[[AsyncSession], Awaitable[Answer]],
    *,
    patience: float = BEHIND,
) -> Answer:
    """What a question gives that changes nothing, in a transaction of this group: of the replica where there is one."""
    if replica is not None:
        try:
            await _await_present(database, replica, patience)
            async with replica.transaction(group_id) as session:
                return await question(session)
        except _FAULTS as fault:  # one that would change something too: it is refused there
            log.warning("the replica is of no use, the primary is asked: %s", str(fault) or type(fault).__name__)
    async with database.transaction(group_id) as session:
        return await question(session)


async def _await_present(database: Database, replica: Database, patience: float) -> None:
    (first,) = await database.ask("SELECT pg_current_wal_lsn()::text AS known")
    until = asyncio.get_running_loop().time() + patience
    while not await knows(replica, first["known"]):
        if asyncio.get_running_loop().time() > until:
            raise _Behind(f"it is more than {patience:g} s behind, or follows nobody")
        await asyncio.sleep(_STEP)


async def knows(replica: Database, position: str = "0/0") -> bool:
    """Whether it follows another server, and has come as far as this position of that one's log."""
    asked = "SELECT coalesce(pg_last_wal_replay_lsn() >= CAST($1::text AS pg_lsn), false) AS known"
    (row,) = await replica.ask(asked, position)
    return bool(row["known"])

"""What a statement asks in no order comes in another order than the usual: the last row first.

PostgreSQL promises none, and gives on some days what it does not on others; whoever relies on it is told at once.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from asyncpg import Record
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_cursor

from pooling.kernel import database

_execute: Any = AsyncAdapt_asyncpg_cursor._prepare_and_execute
_fetch = database._fetch


async def _executed(cursor: Any, operation: str, parameters: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
    await _execute(cursor, operation, parameters)
    if len(cursor._rows) > 1 and not _says_an_order(operation):
        cursor._rows.reverse()


async def _fetched(
    where: database.Where, connection: Connection, statement: str, values: Sequence[object]
) -> list[Record]:
    rows = await _fetch(where, connection, statement, values)
    return rows if _says_an_order(statement) else rows[::-1]


@cache
def _says_an_order(statement: str) -> bool:
    """Outside of all brackets. A plan has its own."""
    outside, depth = [], 0
    for part in statement.replace("(", "\0(").replace(")", "\0)").split("\0"):
        depth += (part[:1] == "(") - (part[:1] == ")")
        if not depth:
            outside.append(part)
    return "ORDER BY" in "".join(outside).upper() or statement.lstrip().upper().startswith("EXPLAIN")


def reverse_what_has_no_order() -> None:
    """From now on, for every test of this process."""
    AsyncAdapt_asyncpg_cursor._prepare_and_execute = _executed  # type: ignore[method-assign]
    database._fetch = _fetched

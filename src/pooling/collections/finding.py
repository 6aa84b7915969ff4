"""Finding a subject's collection under its lock."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.collections.models import Collection
from pooling.kernel.database import fetch

Subject = tuple[str, int]
"""What it collects for, as events name it: `("purchase", 12)`."""
SUBJECT_KEYS = {"purchase": "purchase_id", "round": "round_id"}
"""The column that names each sort of subject."""
_COLLECTING = {"purchase": 0x636F6C6C, "round": 0x636F6C6D}
"""The number of our advisory locks of each sort."""
_LOCKS = 2**31


def _of(subject: Subject) -> Select[Any]:
    kind, id_ = subject
    return select(Collection).where(getattr(Collection, SUBJECT_KEYS[kind]) == id_)


async def lock_collection(session: AsyncSession, subject: Subject, *, alone: bool) -> Collection | None:
    """The collection as it stands once its lock is won: shared by those who file, alone for who opens, moves or closes
    it, or wants to read what is filed while nobody files. Who locks its subject too does that first.

    It is an advisory lock, which is queued for: whoever wants it alone goes before those who come after. Row locks are
    not, and who closes would wait for as long as filings keep coming.
    """
    await take_lock(session, subject, alone=alone)
    # A statement of its own: what it sees was committed before it began, and so before the lock was won.
    found = await session.execute(_of(subject).execution_options(populate_existing=True))
    collection: Collection | None = found.scalar_one_or_none()
    return collection


async def take_lock(session: AsyncSession, subject: Subject, *, alone: bool) -> None:
    """The lock alone, for who reads in the next statement what it needs to know."""
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await fetch(session, f"SELECT {lock}($1, $2)", _COLLECTING[subject[0]], _number(subject))


def sharing_lock(number: str) -> str:
    """In SQL, taking the lock that those who declare share: of the purchase with this number."""
    return f"pg_advisory_xact_lock_shared({_COLLECTING['purchase']}, ({number} % {_LOCKS})::integer)"


async def take_locks(session: AsyncSession, subjects: Sequence[Subject]) -> None:
    """The locks of several alone, always in the same order."""
    for kind, lock in _COLLECTING.items():
        numbers = sorted({_number(subject) for subject in subjects if subject[0] == kind})
        if numbers:
            await fetch(session, "SELECT pg_advisory_xact_lock($1, n) FROM unnest($2::int[]) n", lock, numbers)


async def lock_where_free(session: AsyncSession, kind: str, ids: Sequence[int]) -> set[int]:
    """Of subjects of one sort, takes alone the locks of those into which nobody files at this moment, and waits for
    none; returns which.
    """
    numbers = func.unnest(literal([_number((kind, id_)) for id_ in ids], ARRAY(Integer))).column_valued("number")
    rows = await session.execute(select(numbers, func.pg_try_advisory_xact_lock(_COLLECTING[kind], numbers)))
    free = {number for number, taken in rows if taken}
    return {id_ for id_ in ids if _number((kind, id_)) in free}


def _number(subject: Subject) -> int:
    """Of its lock. Those that share one wait for each other, which is rare and does no harm."""
    return subject[1] % _LOCKS

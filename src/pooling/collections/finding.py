"""Finding a subject's collection, also under a lock."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.collections.models import Collection

Subject = tuple[str, int]
"""What it collects for, as events name it: `("purchase", 12)`."""
SUBJECT_KEYS = {"purchase": "purchase_id"}
"""The column that names each sort of subject."""


def _of(subject: Subject) -> Select[Any]:
    kind, id_ = subject
    return select(Collection).where(getattr(Collection, SUBJECT_KEYS[kind]) == id_)


async def find_collection(session: AsyncSession, subject: Subject) -> Collection | None:
    """None: it was never opened."""
    found: Collection | None = (await session.execute(_of(subject))).scalar_one_or_none()
    return found


async def lock_collection(session: AsyncSession, subject: Subject, *, alone: bool) -> Collection | None:
    """The collection as it stands once its lock is won: shared by those who file, alone for who opens, moves or closes
    it, or wants to read what is filed while nobody files. Who locks its subject too does that first.
    """
    found = await session.execute(
        _of(subject).with_for_update(read=not alone).execution_options(populate_existing=True)
    )
    collection: Collection | None = found.scalar_one_or_none()
    return collection

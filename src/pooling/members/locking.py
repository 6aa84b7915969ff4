"""The lock of a group."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.members.models import Group


async def lock_group(session: AsyncSession) -> None:
    """Until the transaction ends, one at a time in the group: whoever gives what has a number or a code of its own,
    counts who holds a role, or changes settings that others rest on. Everything else goes on: foreign keys pass.
    """
    await session.execute(select(col(Group.id)).with_for_update(key_share=True))

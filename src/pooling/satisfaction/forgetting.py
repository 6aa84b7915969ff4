"""What is forgotten with time: what somebody wrote beside its marks."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.satisfaction.models import Opinion


async def forget_comments(session: AsyncSession, before: datetime) -> None:
    """Marks stay, for the indicators."""
    await session.execute(
        update(Opinion)
        .where(col(Opinion.given_at) < before, col(Opinion.comment) != "")
        .values(comment="")
        .execution_options(synchronize_session=False)
    )

"""What is forgotten with time: what somebody wrote that a resource was wanted for."""

from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.resources.models import Lending


async def forget_purposes(session: AsyncSession, before: datetime) -> None:
    """Of lendings whose last day is long past; what was lent and used stays, for the indicators."""
    last = func.coalesce(col(Lending.ended_on), col(Lending.last_day))
    await session.execute(
        update(Lending)
        .where(last < before.date(), (col(Lending.purpose) != "") | (col(Lending.reason) != ""))
        .values(purpose="", reason="")
        .execution_options(synchronize_session=False)
    )

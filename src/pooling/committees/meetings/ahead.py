"""Committees to come, for who would change what their hours mean."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee
from pooling.committees.rules import TO_COME
from pooling.web.typography import date_long


async def committees_ahead(session: AsyncSession, now: datetime) -> list[tuple[datetime, str]]:
    rows = await session.execute(
        select(col(Committee.starts_at), col(Committee.title), col(Committee.local_start)).where(
            col(Committee.state).in_([str(state) for state in TO_COME]), col(Committee.starts_at) > now
        )
    )
    return [
        (starts_at, f"comité «\u00a0{title}\u00a0» du {date_long(local_start.date())}")
        for starts_at, title, local_start in rows
    ]

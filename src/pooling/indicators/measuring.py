"""All indicators of the transaction's group in a year, whoever asks: a page, a program, the worker."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.indicators.configuration import IndicatorConfiguration
from pooling.indicators.figures import Theme
from pooling.indicators.measures import Measured, themes_of
from pooling.indicators.queries import Paid, paid
from pooling.indicators.rules import Year
from pooling.kernel.database import group_of
from pooling.members.models import Group


async def measure_year(
    session: AsyncSession, year: Year, configuration: IndicatorConfiguration
) -> tuple[list[Theme], list[Paid]]:
    """By theme, and what is paid for in any year."""
    group = (await session.execute(select(Group).where(col(Group.id) == group_of(session)))).scalar_one()
    since: date = group.created_at.astimezone(year.zone).date()
    purchases = await paid(session, str(year.zone))
    measured = Measured(session, year, configuration, group.committee_every_months, since)
    return await themes_of(measured, purchases), purchases

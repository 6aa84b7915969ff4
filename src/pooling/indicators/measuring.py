"""All indicators of the transaction's group in a year, whoever asks: a page, a program, the worker."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.indicators.configuration import IndicatorConfiguration
from pooling.indicators.figures import Theme
from pooling.indicators.measures import Measured, themes_of
from pooling.indicators.queries import Paid, paid, serving
from pooling.indicators.rules import Year
from pooling.kernel.database import group_of
from pooling.members.models import Group


async def measure_year(
    session: AsyncSession, year: Year, configuration: IndicatorConfiguration, action_id: int | None = None
) -> tuple[list[Theme], list[Paid]]:
    """By theme, and what is paid for in any year; of an action alone, where one is named."""
    (themes,), purchases = await measure_years(session, [year], configuration, action_id)
    return themes, purchases


async def measure_years(
    session: AsyncSession, years: Sequence[Year], configuration: IndicatorConfiguration, action_id: int | None = None
) -> tuple[list[list[Theme]], list[Paid]]:
    """Of each of these years; what is every year's is read once."""
    only = await serving(session, action_id) if action_id is not None else None
    group = (await session.execute(select(Group).where(col(Group.id) == group_of(session)))).scalar_one()
    since: date = group.created_at.astimezone(group.zone).date()
    purchases = await paid(session, group.timezone, only.purchases if only else None)
    measured = [Measured(session, year, configuration, group.committee_every_months, since, only) for year in years]
    return [await themes_of(one, purchases) for one in measured], purchases

"""All indicators of the transaction's group in a year, whoever asks: a page, a program, the worker."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

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


class Measurements(NamedTuple):
    """What was asked, and what is every year's."""

    years: list[list[Theme]]
    """Of each year that was asked of, by theme."""
    purchases: list[Paid]
    """Paid for in any year."""
    since: date
    """On which the group began."""


async def measure_years(
    session: AsyncSession, years: Sequence[Year], configuration: IndicatorConfiguration, action_id: int | None = None
) -> Measurements:
    """Of each of these years, of an action alone where one is named; what is every year's is read once."""
    only = await serving(session, action_id) if action_id is not None else None
    group = (await session.execute(select(Group).where(col(Group.id) == group_of(session)))).scalar_one()
    since: date = group.created_at.astimezone(group.zone).date()
    purchases = await paid(session, group.timezone, only.purchases if only else None)
    measured = [Measured(session, year, configuration, group.committee_every_months, since, only) for year in years]
    return Measurements([await themes_of(one, purchases) for one in measured], purchases, since)

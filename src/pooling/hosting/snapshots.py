"""What leaves a group that consents: figures of two years and names of actions, as they stood on a day."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionState
from pooling.actions.rules import ACTION
from pooling.hosting.models import GroupSharing
from pooling.indicators.figures import Figure, Theme
from pooling.indicators.measuring import measure_years
from pooling.indicators.report import Indicating
from pooling.indicators.rules import Year
from pooling.kernel.clock import Clock
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.models import Member

MOST_ACTIONS = 100
SHOWN = (
    *("purchases", "members", "costs", "savings", "savings_rate", "subsidies", "meetings", "attendance"),
    *("decisions_done", "delay", "lent", "taken_up", "clean_vehicles", "carbon"),
)
"""Those that say something to who is not of the group. What they are made of stays inside."""


class FigureOutside(BaseModel):
    """One figure, without what it is made of."""

    model_config = ConfigDict(frozen=True)

    code: str
    label: str
    words: str
    """Empty: there is nothing to say it of."""
    part: int | None = None
    """Of a rate, in thousandths: what a bar draws."""


class ActionOutside(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    state: str
    """In words."""


class YearOutside(BaseModel):
    model_config = ConfigDict(frozen=True)

    year: int
    figures: tuple[FigureOutside, ...]


class Snapshot(BaseModel):
    """All that leaves the group."""

    model_config = ConfigDict(frozen=True)

    members: int
    years: tuple[YearOutside, ...]
    """This one, then the one before."""
    actions: tuple[ActionOutside, ...]
    """Agreed, under way and done."""


async def snapshot_of(session: AsyncSession, today: date) -> Snapshot:
    """The transaction's group as it stands."""
    configuration = features_for(session).configuration(Indicating).configuration
    zone = await group_zone(session)
    numbers = (today.year, today.year - 1)
    measured, *_ = await measure_years(session, [Year(number, zone, today) for number in numbers], configuration)
    years = [_year(number, themes) for number, themes in zip(numbers, measured, strict=True)]
    members = await session.execute(select(func.count()).where(col(Member.retired_on).is_(None)))
    actions = await session.execute(
        select(col(Action.title), col(Action.state))
        .where(col(Action.state).in_([ActionState.AGREED, ActionState.UNDER_WAY, ActionState.DONE]))
        .order_by(col(Action.id).desc())
        .limit(MOST_ACTIONS)
    )
    return Snapshot(
        members=members.scalar_one(),
        years=tuple(years),
        actions=tuple(ActionOutside(title=title, state=ACTION.word(state)) for title, state in actions),
    )


def _year(number: int, themes: Sequence[Theme]) -> YearOutside:
    found = {figure.code: figure for theme in themes for figure in theme.figures}
    return YearOutside(year=number, figures=tuple(_outside(found[code]) for code in SHOWN if code in found))


def _outside(figure: Figure) -> FigureOutside:
    return FigureOutside(
        code=figure.code,
        label=figure.label,
        words=figure.words if figure.value is not None else "",
        part=figure.thousandths,
    )


async def renew_snapshot(session: AsyncSession, clock: Clock) -> None:
    """A chore: once a day, of a group that consents to something."""
    today = clock.now().astimezone(await group_zone(session)).date()
    found = await session.execute(
        select(GroupSharing)
        .where(col(GroupSharing.compared) | col(GroupSharing.public), _is_old(today))
        .with_for_update(skip_locked=True)
    )
    sharing = found.scalar_one_or_none()
    if sharing is not None:
        sharing.snapshot, sharing.snapshot_on = (await snapshot_of(session, today)).model_dump(), today


def _is_old(today: date) -> ColumnElement[bool]:
    return func.coalesce(col(GroupSharing.snapshot_on) < today, True)


def figure_in(snapshot: Snapshot, code: str, year: int) -> FigureOutside | None:
    figures: Sequence[FigureOutside] = next((one.figures for one in snapshot.years if one.year == year), ())
    return next((figure for figure in figures if figure.code == code), None)

"""Reads about purchases run elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.followups.models import FollowUp, FollowUpCost, FollowUpDate
from pooling.followups.schemas import DateIn, FollowUpIn
from pooling.kernel.database import group_of
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.purchases.models import Purchase


@dataclass(frozen=True)
class FollowUpShown:
    """All that is kept of it, by member code."""

    kept: FollowUp
    dates: Sequence[FollowUpDate]
    costs: Mapping[str, int]
    names: Mapping[str, str]
    """Of the members that it cost something, by code, in French order."""

    @property
    def total(self) -> int | None:
        """What it cost all: as typed, or what each paid together."""
        return sum(self.costs.values()) if self.kept.total_cents is None and self.costs else self.kept.total_cents

    @property
    def content(self) -> FollowUpIn:
        return FollowUpIn(
            organiser=self.kept.organiser,
            joining=self.kept.joining,
            dates=tuple(DateIn(day=one.day, label=one.label) for one in self.dates),
            total_cents=self.kept.total_cents,
            costs=dict(self.costs),
        )


async def followup_of(session: AsyncSession, purchase_id: int) -> FollowUpShown:
    key = (group_of(session), purchase_id)
    kept = await session.get(FollowUp, key, populate_existing=True)
    dates = await session.execute(
        select(FollowUpDate)
        .where(col(FollowUpDate.purchase_id) == purchase_id)
        .order_by(col(FollowUpDate.day), col(FollowUpDate.id))
        .execution_options(populate_existing=True)
    )
    rows = await session.execute(
        select(col(Member.code), col(Member.name), col(FollowUpCost.cents))
        .join(Member, linked(Member.id, FollowUpCost.member_id))
        .where(col(FollowUpCost.purchase_id) == purchase_id)
        .order_by(col(Member.sort_key), col(Member.id))
    )
    costs = list(rows)
    return FollowUpShown(
        kept or FollowUp(group_id=key[0], purchase_id=purchase_id),
        list(dates.scalars()),
        {code: cents for code, _, cents in costs},
        {code: name for code, name, _ in costs},
    )


def has_followup() -> ColumnElement[bool]:
    """Of a purchase: something of it is kept."""
    return exists().where(linked(FollowUp.purchase_id, Purchase.id))


def organised() -> ColumnElement[bool]:
    """Of a purchase: it is said who runs it."""
    return exists().where(linked(FollowUp.purchase_id, Purchase.id), col(FollowUp.organiser) != "")


def costed() -> ColumnElement[bool]:
    """Of a purchase: what it cost is known."""
    total = exists().where(linked(FollowUp.purchase_id, Purchase.id), col(FollowUp.total_cents).is_not(None))
    return or_(total, exists().where(linked(FollowUpCost.purchase_id, Purchase.id)))

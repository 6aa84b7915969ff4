"""Reads about purchases run elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.followups.models import FollowUp, FollowUpCost, FollowUpDate
from pooling.followups.schemas import DateIn, FollowUpIn
from pooling.kernel.database import group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.members.queries import MEMBERS_BY_NAME
from pooling.purchases.models import Purchase


@dataclass(frozen=True)
class FollowUpHead:
    """What is kept of it, but for what each member paid."""

    kept: FollowUp
    dates: Sequence[FollowUpDate]


@dataclass(frozen=True)
class FollowUpShown(FollowUpHead):
    """With that, by member code in French order."""

    costs: Mapping[str, int]

    @property
    def content(self) -> FollowUpIn:
        return FollowUpIn(
            organiser=self.kept.organiser,
            joining=self.kept.joining,
            dates=tuple(DateIn(day=one.day, label=one.label) for one in self.dates),
            total_cents=self.kept.total_cents,
            costs=dict(self.costs),
        )


async def head_of(session: AsyncSession, purchase_id: int) -> FollowUpHead:
    key = (group_of(session), purchase_id)
    kept = await session.get(FollowUp, key, populate_existing=True)
    dates = await session.execute(
        select(FollowUpDate)
        .where(col(FollowUpDate.purchase_id) == purchase_id)
        .order_by(col(FollowUpDate.day), col(FollowUpDate.id))
        .execution_options(populate_existing=True)
    )
    return FollowUpHead(kept or FollowUp(group_id=key[0], purchase_id=purchase_id), list(dates.scalars()))


async def followup_of(session: AsyncSession, purchase_id: int, only: Collection[int] | None = None) -> FollowUpShown:
    """All that is kept, with what everybody paid or `only` these members, by their ids."""
    head = await head_of(session, purchase_id)
    costs = await session.execute(
        _costs(purchase_id, only, col(Member.code), col(FollowUpCost.cents)).order_by(
            col(Member.sort_key), col(Member.id)
        )
    )
    return FollowUpShown(head.kept, head.dates, dict(tuple(row) for row in costs))


async def costs_listed(
    session: AsyncSession, purchase_id: int, wanted: Slice, only: Collection[int] | None = None
) -> Listed[tuple[str, int]]:
    """What each paid, a page of members at a time: (name, cents)."""
    costs = _costs(purchase_id, only, col(Member.name), col(FollowUpCost.cents))
    return (await MEMBERS_BY_NAME.read(session, costs, wanted)).each(lambda row: (row[0], row[1]))


async def total_of(session: AsyncSession, head: FollowUpHead) -> int | None:
    """What it cost all: as typed, or what each paid together."""
    if head.kept.total_cents is not None:
        return head.kept.total_cents
    paid = select(func.sum(col(FollowUpCost.cents))).where(col(FollowUpCost.purchase_id) == head.kept.purchase_id)
    found = await session.scalar(paid)
    return None if found is None else int(found)


def _costs(purchase_id: int, only: Collection[int] | None, *columns: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401
    statement: Select[*tuple[Any, ...]] = select(*columns).join(Member, linked(Member.id, FollowUpCost.member_id))
    whose = true() if only is None else any_of(col(FollowUpCost.member_id), only)
    return statement.where(col(FollowUpCost.purchase_id) == purchase_id, whose)


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

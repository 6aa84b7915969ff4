"""The lists behind indicators: days that were noted, items whose journeys one may assume."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.indicators.models import AgentDays, CarbonAssumption
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.members.subjects import Subject, Subjects
from pooling.purchases.models import Item, Purchase, PurchaseState

_DAYS = Order(col(AgentDays.id), latest_first=True)
_ITEMS = Order(col(Item.id), latest_first=True)


@dataclass(frozen=True)
class DaysShown:
    id: int
    spent_on: date
    days: Decimal
    what: str
    member_id: int
    code: str
    member: str
    subject: Subject | None


async def days_listed(session: AsyncSession, part: Slice, subjects: Subjects) -> Listed[DaysShown]:
    """The latest first, with what each is about."""
    statement = select(
        col(AgentDays.id),
        col(AgentDays.spent_on),
        col(AgentDays.days),
        col(AgentDays.what),
        col(Member.id),
        col(Member.code),
        col(Member.name),
    ).join(Member, linked(Member.id, AgentDays.member_id))
    listed = await _DAYS.read(session, subjects.joined(statement, AgentDays), part)
    return listed.each(lambda row: DaysShown(*subjects.in_row(row)))


@dataclass(frozen=True)
class ItemAssumed:
    id: int
    name: str
    reference: str
    purchase: str
    kilometres: int | None
    replaced: str
    replaced_by: str
    source: str


async def items_listed(session: AsyncSession, part: Slice) -> Listed[ItemAssumed]:
    """Of every purchase that is not cancelled, the latest first."""
    statement = (
        select(
            col(Item.id),
            col(Item.name),
            col(Purchase.reference),
            col(Purchase.title),
            col(CarbonAssumption.kilometres),
            col(CarbonAssumption.replaced),
            col(CarbonAssumption.replaced_by),
            col(CarbonAssumption.source),
        )
        .join(Purchase, linked(Purchase.id, Item.purchase_id))
        .outerjoin(CarbonAssumption, linked(CarbonAssumption.item_id, Item.id))
        .where(col(Purchase.state) != PurchaseState.CANCELLED)
    )
    return (await _ITEMS.read(session, statement, part)).each(lambda row: ItemAssumed(*row))

"""What the mails of collections say, read for all their purchases at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, Membership, Role
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.needs.queries import declares
from pooling.purchases.models import Item, Participation, Purchase
from pooling.reminders.kinds import DueReminder

NAMED_AT_MOST = 20
"""Members, or items, that a mail names; it says how many others there are."""


def has_filed() -> ColumnElement[bool]:
    filed = aliased(Declaration)
    return exists().where(declares(filed, Participation, DeclarationState.FILED))


def needs_nothing() -> ColumnElement[bool]:
    """Has filed, and answered so."""
    filed = aliased(Declaration)
    return exists().where(declares(filed, Participation, DeclarationState.FILED), col(filed.no_need))


def referent_of_participant() -> ColumnElement[bool]:
    return and_(
        linked(Membership.member_id, Participation.member_id),
        col(Membership.role) == Role.REFERENT,
        col(Membership.ended_at).is_(None),
    )


@dataclass(frozen=True)
class Silent:
    """A member that a référent is reminded of."""

    name: str
    has_draft: bool

    @property
    def said(self) -> str:
        return f"{self.name} (brouillon à déposer)" if self.has_draft else self.name


async def purchases_of(session: AsyncSession, reminders: Sequence[DueReminder]) -> dict[int, Purchase]:
    ids = {reminder.subject_id for reminder in reminders}
    found = await session.execute(select(Purchase).where(any_of(col(Purchase.id), ids)))
    return {purchase.id: purchase for purchase in found.scalars()}


async def silent_members_of(
    session: AsyncSession, reminders: Sequence[DueReminder]
) -> dict[tuple[int, int], list[Silent]]:
    draft = aliased(Declaration)
    has_draft = exists().where(declares(draft, Participation, DeclarationState.DRAFT))
    rows = await session.execute(
        select(
            col(Participation.purchase_id), col(Membership.person_id), col(Member.name), case((has_draft, 1), else_=0)
        )
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .join(Membership, referent_of_participant())
        .where(
            any_of(col(Participation.purchase_id), {reminder.subject_id for reminder in reminders}),
            any_of(col(Membership.person_id), {reminder.person_id for reminder in reminders}),
            ~has_filed(),
        )
        .order_by(col(Member.sort_key))
    )
    found: dict[tuple[int, int], list[Silent]] = {}
    for purchase_id, person_id, name, drafted in rows:
        found.setdefault((purchase_id, person_id), []).append(Silent(name, bool(drafted)))
    return found


@dataclass
class ItemTotal:
    name: str
    unit: str
    quantity: int


@dataclass
class Closing:
    """What a collection brought: how many declarations and lines, what for, and who did not answer."""

    closed_at: datetime | None = None
    participants: int = 0
    filed: int = 0
    no_need: int = 0
    """Of those who filed: they answered that they need nothing."""
    lines: int = 0
    """Items that a member asked for, over all members."""
    items: list[ItemTotal] = field(default_factory=list)
    """The first ones, in the purchase's order."""
    item_count: int = 0
    silent: list[str] = field(default_factory=list)
    """The first ones, by name."""
    silent_count: int = 0


async def closings_of(session: AsyncSession, purchases: Sequence[int]) -> dict[int, Closing]:
    """What these purchases' collections brought, in three statements."""
    closings = {purchase_id: Closing() for purchase_id in purchases}
    counts = await session.execute(
        select(
            col(Participation.purchase_id),
            col(Collection.closed_at),
            func.count(),
            func.count().filter(has_filed()),
            func.count().filter(needs_nothing()),
        )
        .join(Collection, linked(Collection.purchase_id, Participation.purchase_id))
        .where(any_of(col(Participation.purchase_id), purchases))
        .group_by(col(Participation.purchase_id), col(Collection.closed_at))
    )
    for purchase_id, closed_at, participants, filed, no_need in counts:
        closing = closings[purchase_id]
        closing.closed_at, closing.no_need = closed_at, no_need
        closing.participants, closing.filed, closing.silent_count = participants, filed, participants - filed
    for purchase_id, name, unit, quantity, lines, item_count in await session.execute(_totals(purchases)):
        closing = closings[purchase_id]
        closing.lines, closing.item_count = int(lines), item_count
        closing.items.append(ItemTotal(name, unit, int(quantity)))
    for purchase_id, name in await session.execute(_silent(purchases)):
        closings[purchase_id].silent.append(name)
    return closings


def _totals(purchases: Sequence[int]) -> Select[Any]:
    """The first items of each purchase with what is filed for them; with the lines and items of the whole purchase."""
    by_item = (
        select(
            col(Need.item_id).label("item_id"),
            func.sum(col(Need.quantity)).label("quantity"),
            func.count().filter(col(Need.quantity) > 0).label("lines"),
        )
        .join(Declaration, linked(Declaration.id, Need.declaration_id))
        .where(any_of(col(Declaration.purchase_id), purchases), col(Declaration.state) == DeclarationState.FILED)
        .group_by(col(Need.item_id))
        .subquery("by_item")
    )
    of_purchase = col(Item.purchase_id)
    order = (col(Item.position), col(Item.id))
    placed = (
        select(
            of_purchase.label("purchase_id"),
            col(Item.name).label("name"),
            col(Item.unit).label("unit"),
            func.coalesce(by_item.c.quantity, 0).label("quantity"),
            func.coalesce(func.sum(by_item.c.lines).over(partition_by=of_purchase), 0).label("lines"),
            func.count().over(partition_by=of_purchase).label("item_count"),
            func.row_number().over(partition_by=of_purchase, order_by=order).label("place"),
        )
        .outerjoin(by_item, by_item.c.item_id == col(Item.id))
        .where(any_of(of_purchase, purchases))
        .subquery("placed")
    )
    shown = (placed.c[name] for name in ("purchase_id", "name", "unit", "quantity", "lines", "item_count"))
    return select(*shown).where(placed.c.place <= NAMED_AT_MOST).order_by(placed.c.purchase_id, placed.c.place)


def _silent(purchases: Sequence[int]) -> Select[Any]:
    place = func.row_number().over(
        partition_by=col(Participation.purchase_id), order_by=(col(Member.sort_key), col(Member.id))
    )
    placed = (
        select(
            col(Participation.purchase_id).label("purchase_id"), col(Member.name).label("name"), place.label("place")
        )
        .join(Member, linked(Member.id, Participation.member_id))
        .where(any_of(col(Participation.purchase_id), purchases), ~has_filed())
        .subquery("placed")
    )
    return (
        select(placed.c.purchase_id, placed.c.name)
        .where(placed.c.place <= NAMED_AT_MOST)
        .order_by(placed.c.purchase_id, placed.c.place)
    )

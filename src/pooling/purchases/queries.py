"""Reads about purchases."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.kernel.events import Event
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.purchases.models import Item, Participation, PriceTier, Purchase

NEWEST_FIRST = Order(col(Purchase.id), latest_first=True, size=25)


@dataclass(frozen=True)
class PurchaseLine:
    """A purchase in a list."""

    id: int
    reference: str
    title: str
    state: str
    lead: str
    closes_at: datetime | None
    lead_code: str
    kind: str


async def purchase_list(session: AsyncSession, wanted: Slice) -> Listed[PurchaseLine]:
    """The newest purchases first."""
    statement = (
        select(
            col(Purchase.id),
            col(Purchase.reference),
            col(Purchase.title),
            col(Purchase.state),
            col(Member.name),
            col(Collection.closes_at),
            col(Member.code),
            col(Purchase.kind),
        )
        .join(Member, linked(Member.id, Purchase.lead_member_id))
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
    )
    return (await NEWEST_FIRST.read(session, statement, wanted)).each(lambda row: PurchaseLine(*row))


@dataclass(frozen=True)
class ItemShown:
    """An item with its price tiers, cheapest last."""

    id: int
    code: str
    name: str
    description: str
    unit: str
    unit_price: Decimal
    vat_rate: Decimal
    fctva: bool
    pack: int
    minimum: int
    tiers: tuple[tuple[int, Decimal], ...]


async def purchase_items(session: AsyncSession, purchase_id: int) -> list[ItemShown]:
    """The purchase's items in their order, each with its tiers: two statements whatever their number."""
    items = (
        await session.execute(
            select(Item).where(col(Item.purchase_id) == purchase_id).order_by(col(Item.position), col(Item.id))
        )
    ).scalars()
    tiers: dict[int, list[tuple[int, Decimal]]] = {}
    rows = await session.execute(
        select(col(PriceTier.item_id), col(PriceTier.from_quantity), col(PriceTier.unit_price))
        .join(Item, linked(Item.id, PriceTier.item_id))
        .where(col(Item.purchase_id) == purchase_id)
        .order_by(col(PriceTier.from_quantity))
    )
    for item_id, from_quantity, unit_price in rows:
        tiers.setdefault(item_id, []).append((from_quantity, unit_price))
    return [
        ItemShown(
            id=item.id,
            code=item.code,
            name=item.name,
            description=item.description,
            unit=item.unit,
            unit_price=item.unit_price,
            vat_rate=item.vat_rate,
            fctva=item.fctva,
            pack=item.pack,
            minimum=item.minimum,
            tiers=tuple(tiers.get(item.id, ())),
        )
        for item in items
    ]


@dataclass(frozen=True)
class ParticipantLine:
    member_id: int
    code: str
    name: str
    sort_key: str
    parent: str | None
    population: int | None
    agents: int | None


async def participants(session: AsyncSession, purchase_id: int) -> list[ParticipantLine]:
    """Everybody who takes part, in French order, with the key values frozen for this purchase."""
    parent = aliased(Member)
    rows = await session.execute(
        select(
            col(Member.id),
            col(Member.code),
            col(Member.name),
            col(Member.sort_key),
            parent.name,  # type: ignore[call-overload]
            col(Participation.population),
            col(Participation.agents),
        )
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .outerjoin(parent, linked(parent.id, Member.parent_id))
        .where(col(Participation.purchase_id) == purchase_id)
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [ParticipantLine(*row) for row in rows]


async def state_dates(session: AsyncSession, purchase_id: int) -> dict[str, datetime]:
    """When the purchase last entered each state, for its frise."""
    rows = await session.execute(
        select(col(Event.to_state), func.max(col(Event.at)))
        .where(
            col(Event.subject_kind) == "purchase",
            col(Event.subject_id) == purchase_id,
            col(Event.to_state).is_not(None),
        )
        .group_by(col(Event.to_state))
    )
    return {str(state): at for state, at in rows}

"""Reads about purchases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.kernel.database import fetch, group_of, standing
from pooling.kernel.errors import NotFound
from pooling.kernel.events import Event
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.purchases.models import Item, Participation, Purchase
from pooling.web.typography import date_short

NAMED_AT_MOST = 50
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


OFFERED = 100
"""Purchases that a list to choose from holds."""


async def purchases_offered(session: AsyncSession, chosen: str = "") -> list[tuple[str, str]]:
    """The latest to choose from, and before them the one chosen: references, and what they are called."""
    is_chosen = col(Purchase.reference) == chosen
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title))
        .order_by(is_chosen.desc(), col(Purchase.id).desc())
        .limit(OFFERED)
    )
    return [(reference, f"{reference} · {title}") for reference, title in rows]


@dataclass(frozen=True)
class LotShown:
    """A lot as it stands over its items."""

    number: int
    title: str
    cpv: str

    @property
    def called(self) -> str:
        return f"Lot n°\u00a0{self.number}\u00a0: {self.title}"


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
    lot: LotShown | None = None

    @property
    def under(self) -> str:
        """What it stands under in lists: its lot, or nothing."""
        return self.lot.called if self.lot else ""


_ITEMS = """
SELECT i.id, i.code, i.name, i.description, i.unit, i.unit_price, i.vat_rate, i.fctva, i.pack, i.minimum,
    array_agg(t.from_quantity ORDER BY t.from_quantity) FILTER (WHERE t.id IS NOT NULL) AS quantities,
    array_agg(t.unit_price ORDER BY t.from_quantity) FILTER (WHERE t.id IS NOT NULL) AS prices,
    l.number AS lot, l.title AS lot_title, l.cpv AS lot_cpv
FROM items i LEFT JOIN price_tiers t ON t.group_id = i.group_id AND t.item_id = i.id
LEFT JOIN lots l ON l.group_id = i.group_id AND l.id = i.lot_id
WHERE i.group_id = $1 AND i.purchase_id = $2
GROUP BY i.group_id, i.id, l.group_id, l.id ORDER BY l.number NULLS LAST, i.position, i.id"""


async def purchase_items(session: AsyncSession, purchase_id: int) -> list[ItemShown]:
    """The purchase's items in their order, those of a lot together, each with its tiers."""
    rows = await fetch(session, _ITEMS, group_of(session), purchase_id)
    return [
        ItemShown(
            id=row["id"],
            code=row["code"],
            name=row["name"],
            description=row["description"],
            unit=row["unit"],
            unit_price=row["unit_price"],
            vat_rate=row["vat_rate"],
            fctva=row["fctva"],
            pack=row["pack"],
            minimum=row["minimum"],
            tiers=tuple(zip(row["quantities"] or (), row["prices"] or (), strict=True)),
            lot=LotShown(row["lot"], row["lot_title"], row["lot_cpv"]) if row["lot"] is not None else None,
        )
        for row in rows
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


def has_items() -> ColumnElement[bool]:
    """Of a purchase: it has an item."""
    return exists().where(linked(Item.purchase_id, Purchase.id))


def takes_part() -> ColumnElement[bool]:
    """Of a participation: nobody said that it does not."""
    return col(Participation.takes_part).is_not(False)


async def participants(session: AsyncSession, purchase_id: int, most: int | None = None) -> list[ParticipantLine]:
    """Everybody who takes part, or the first `most`, in French order, with the key values frozen for this purchase."""
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
        .limit(most)
    )
    return [ParticipantLine(*row) for row in rows]


async def successors(session: AsyncSession, purchase_id: int) -> list[str]:
    """What those who take part under their former names have become, one sentence each."""
    became = aliased(Member)
    rows = await session.execute(
        select(col(Member.name), col(became.name), col(Member.retired_on))
        .join(became, linked(became.id, Member.merged_into_id))
        .join(Participation, linked(Participation.member_id, Member.id))
        .where(col(Participation.purchase_id) == purchase_id, col(Member.merged_into_id).is_not(None))  # has an index
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(NAMED_AT_MOST)
    )
    return [f"{former} est devenu {name} le {date_short(on)}." for former, name, on in rows if on is not None]


@dataclass(frozen=True)
class PurchaseShown:
    """A purchase with what every page of it says."""

    purchase: Purchase
    collection: Collection | None
    """None: it was never opened."""
    lead: str
    dates: dict[str, datetime]
    """When it last entered each state."""


@cache
def shown_purchase() -> Select[Any]:
    """What makes a `PurchaseShown`, in one statement; more may be added to it."""
    lead = aliased(Member, name="lead")
    dates = (
        select(func.jsonb_object_agg(col(Event.to_state), aggregate_order_by(col(Event.at), col(Event.at))))
        .where(
            col(Event.group_id) == col(Purchase.group_id),
            col(Event.subject_kind) == "purchase",
            col(Event.subject_id) == col(Purchase.id),
            col(Event.to_state).is_not(None),
        )
        .scalar_subquery()
    )
    return standing(
        select(Purchase, Collection, col(lead.name), dates)
        .join(lead, linked(lead.id, Purchase.lead_member_id))
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(col(Purchase.reference) == bindparam("reference"))
    )


async def find_shown(
    session: AsyncSession, statement: Select[Any], named: Mapping[str, Any]
) -> tuple[PurchaseShown, Sequence[Any]]:
    """The purchase of such a statement that the address names, and what was added to that.

    Raises:
        NotFound: the group has none.
    """
    row = (await session.execute(statement, named)).one_or_none()
    if row is None:
        raise NotFound
    purchase, collection, lead, dates, *more = row
    entered = {state: datetime.fromisoformat(at) for state, at in (dates or {}).items()}
    return PurchaseShown(purchase, collection, lead, entered), more

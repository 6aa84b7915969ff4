"""Reads about offers: the terms, what was wanted of each item and what was bought."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.members.queries import MEMBERS_BY_NAME
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.needs.queries import declares
from pooling.offers.models import Offer, OfferPrice, Uptake
from pooling.purchases.models import Item, Participation, Purchase


@dataclass(frozen=True)
class OfferShown:
    """The terms of an offer with its prices, by item id; a price that is not known yet is in none."""

    offer: Offer
    prices: Mapping[int, int]

    @property
    def version(self) -> str:
        """Stands for what was shown; travels in the form, hidden."""
        kept = self.offer
        said = (kept.supplier, kept.valid_from, kept.valid_until, kept.conditions, kept.claiming)
        return sha256(repr((said, sorted(self.prices.items()))).encode()).hexdigest()


async def offer_of(session: AsyncSession, purchase_id: int) -> OfferShown:
    """What is written of it so far, also what is changed under a lock just won."""
    key = (group_of(session), purchase_id)
    kept = await session.get(Offer, key, populate_existing=True)
    rows = await session.execute(
        select(col(OfferPrice.item_id), col(OfferPrice.cents))
        .join(Item, linked(Item.id, OfferPrice.item_id))
        .where(col(Item.purchase_id) == purchase_id)
    )
    return OfferShown(kept or Offer(group_id=key[0], purchase_id=purchase_id), {item: cents for item, cents in rows})


def has_offer() -> ColumnElement[bool]:
    """Of a purchase: something of its offer is written."""
    return exists().where(linked(Offer.purchase_id, Purchase.id))


def offer_written() -> ColumnElement[bool]:
    """Of a purchase: its terms are whole, with a price for every item."""
    unpriced = exists().where(
        linked(Item.purchase_id, Purchase.id),
        ~exists().where(linked(OfferPrice.item_id, Item.id)),
    )
    whole = exists().where(
        linked(Offer.purchase_id, Purchase.id),
        col(Offer.supplier) != "",
        col(Offer.claiming) != "",
        col(Offer.valid_until).is_not(None),
    )
    return and_(whole, ~unpriced)


@dataclass(frozen=True)
class ItemTally:
    """What agents wanted of an item, and what they bought."""

    item_id: int
    interested: int
    bought: int


async def tallies_of(session: AsyncSession, purchase_id: int) -> dict[int, ItemTally]:
    """By item id."""
    interested = (
        select(func.coalesce(func.sum(col(Need.quantity)), 0))
        .join(Declaration, linked(Declaration.id, Need.declaration_id))
        .where(linked(Need.item_id, Item.id), col(Declaration.state) == DeclarationState.FILED)
        .scalar_subquery()
    )
    bought = (
        select(func.coalesce(func.sum(col(Uptake.bought)), 0)).where(linked(Uptake.item_id, Item.id)).scalar_subquery()
    )
    rows = await session.execute(select(col(Item.id), interested, bought).where(col(Item.purchase_id) == purchase_id))
    return {item: ItemTally(item, int(wanted), int(sold)) for item, wanted, sold in rows}


@dataclass(frozen=True)
class UptakeShown:
    """What a member said of its agents: units by item id, empty as long as it said nothing."""

    code: str
    name: str
    told_at: datetime | None
    author: str | None
    bought: Mapping[int, int]

    @property
    def version(self) -> str:
        return self.told_at.isoformat() if self.told_at else "none"


async def uptakes_listed(
    session: AsyncSession, purchase_id: int, wanted: Slice, *, only: Collection[int] | None = None
) -> Listed[UptakeShown]:
    """In French order of the members; `only` these (a référent sees its own)."""
    statement = (
        select(*_SHOWN, _bought(purchase_id))
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .where(col(Participation.purchase_id) == purchase_id)
    )
    if only is not None:
        statement = statement.where(any_of(col(Member.id), only))
    return (await MEMBERS_BY_NAME.read(session, statement, wanted)).each(_shown)


async def uptake_of(session: AsyncSession, purchase_id: int, member_id: int) -> UptakeShown:
    found = await session.execute(select(*_SHOWN, _bought(purchase_id)).where(col(Member.id) == member_id))
    return _shown(found.one())


_SHOWN = (col(Member.code), col(Member.name))


def _bought(purchase_id: int) -> ColumnElement[Any]:
    """What the member said, as one value of JSON: when, who, what of each item."""
    teller = aliased(Person)
    line = func.jsonb_build_array(col(Uptake.item_id), col(Uptake.bought), col(Uptake.told_at), teller.name)
    return (
        select(func.jsonb_agg(line))
        .select_from(Uptake)
        .outerjoin(teller, col(teller.id) == col(Uptake.told_by))
        .where(col(Uptake.purchase_id) == purchase_id, linked(Uptake.member_id, Member.id))
        .correlate(Member)
        .scalar_subquery()
    )


def _shown(row: Any) -> UptakeShown:  # noqa: ANN401 - a row of two columns and the lines
    code, name, *_, lines = row[0], row[1], row[-1]
    told: Sequence[Any] = lines or ()
    at = datetime.fromisoformat(told[0][2]) if told else None
    return UptakeShown(code, name, at, told[0][3] if told else None, {line[0]: line[1] for line in told})


def owes_uptake() -> ColumnElement[bool]:
    """Of a participation: its agents were interested, and nobody said how many bought."""
    wanted = exists().where(
        declares(Declaration, Participation, DeclarationState.FILED),
        linked(Need.declaration_id, Declaration.id),
        col(Need.quantity) > 0,
    )
    told = exists().where(
        linked(Uptake.purchase_id, Participation.purchase_id), col(Uptake.member_id) == col(Participation.member_id)
    )
    return and_(wanted, ~told)


def has_ended(offer: Offer, today: date) -> bool:
    return offer.valid_until is not None and offer.valid_until < today

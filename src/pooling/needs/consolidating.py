"""From filed needs to what is ordered: the consolidation rule applied to each item."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.kernel.database import group_of
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.needs.models import ConsolidationRecord, Declaration, DeclarationState, Need
from pooling.needs.queries import consolidate_needs, filed_lines
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sharing.consolidation import consolidate
from pooling.sharing.consolidation_case import (
    ConsolidationCase,
    Declared,
    IncompletePack,
    PackedItem,
    Rationing,
)
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.money import Cents
from pooling.sharing.tiers import Tier, price_at


@dataclass(frozen=True)
class ConsolidationOptions:
    """How the lead buyer wants one item's units shared when they do not fit."""

    rule: Rationing = Rationing.PROPORTIONAL
    incomplete_pack: IncompletePack = IncompletePack.ROUND_DOWN
    use_tolerance_for_tier: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": str(self.rule),
            "incomplete_pack": str(self.incomplete_pack),
            "use_tolerance_for_tier": self.use_tolerance_for_tier,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "ConsolidationOptions":
        return cls(
            Rationing(kept["rule"]), IncompletePack(kept["incomplete_pack"]), bool(kept["use_tolerance_for_tier"])
        )


Options = Mapping[str, ConsolidationOptions]
"""How each item, by its code, is to be shared; an item that is not named takes the defaults."""


Wanted = tuple[int, int]
"""The units that a member will take of an item, and the most it would accept."""


async def wanted_units(
    session: AsyncSession, purchase_id: int, *, item_id: int | None = None
) -> dict[int, Counter[Wanted]]:
    """By item, how many members filed each wish: all that an order depends on. One statement."""
    wish = (col(Need.item_id), col(Need.quantity), col(Need.up_to))
    statement = select(*wish, func.count()).where(*filed_lines(purchase_id)).group_by(*wish)
    if item_id is not None:
        statement = statement.where(col(Need.item_id) == item_id)
    wanted: dict[int, Counter[Wanted]] = {}
    for item, firm, up_to, members in await session.execute(statement):
        wanted.setdefault(item, Counter())[firm, up_to] = members
    return wanted


def _filed(purchase_id: int) -> tuple[ColumnElement[bool], ...]:
    return col(Declaration.purchase_id) == purchase_id, col(Declaration.state) == DeclarationState.FILED


FiledColumns = Sequence[Sequence[Any]]
"""Codes of members, firm units, most units and turns, each as one column: thousands of rows would keep the event loop
busy one by one.
"""


async def filed_needs(
    session: AsyncSession, purchase_id: int, *, item_id: int | None = None
) -> dict[int, FiledColumns]:
    """Every filed line, by item. One statement."""
    columns = (col(Member.code), col(Need.quantity), col(Need.up_to), col(Need.declared_at))
    statement = (
        select(col(Need.item_id), *(func.array_agg(column) for column in columns))
        .join(Declaration, linked(Declaration.id, Need.declaration_id))
        .join(Member, linked(Member.id, Declaration.member_id))
        .where(*_filed(purchase_id))
        .group_by(col(Need.item_id))
    )
    if item_id is not None:
        statement = statement.where(col(Need.item_id) == item_id)
    return {item: found for item, *found in await session.execute(statement)}


async def consolidate_purchase(session: AsyncSession, purchase_id: int, options: Options) -> dict[str, Consolidation]:
    """What would be ordered of each item, by its code, with what is filed now."""
    needs = await filed_needs(session, purchase_id)
    return {
        # Beside the event loop: thousands of members take a while, and others are waiting.
        item.code: await asyncio.to_thread(consolidate_columns, item, needs.get(item.id, ()), options)
        for item in await purchase_items(session, purchase_id)
    }


def consolidate_columns(item: ItemShown, filed: FiledColumns, options: Options) -> Consolidation:
    """What would be ordered of an item, and who gets what."""
    return consolidate(consolidation_case(item, [Declared(*need) for need in zip(*filed, strict=True)], options))


async def order_outlook(
    session: AsyncSession, purchase_id: int, items: Sequence[ItemShown], options: Options
) -> dict[str, Consolidation]:
    """What would be ordered of each item, by its code, without who gets what: it depends on the sums alone, so the
    needs are not read one by one.
    """
    totals = await consolidate_needs(session, purchase_id)
    return {
        item.code: _order(item, totals.by_item.get(item.id, 0), totals.most_by_item.get(item.id, 0), options)
        for item in items
    }


def order_of(item: ItemShown, wanted: Counter[Wanted], options: Options) -> Consolidation:
    """What would be ordered of an item, without who gets what."""
    firm = sum(wish[0] * members for wish, members in wanted.items())
    return _order(item, firm, sum(wish[1] * members for wish, members in wanted.items()), options)


def totals_by_lot(items: Sequence[ItemShown], results: Mapping[str, Consolidation]) -> dict[str, Cents]:
    """What is ordered of each lot comes to, before VAT; in the order of the items, "" for those in none."""
    totals: dict[str, Cents] = {}
    for item in items:
        totals[item.under] = totals.get(item.under, 0) + results[item.code].total
    return totals


def _order(item: ItemShown, firm: int, most: int, options: Options) -> Consolidation:
    return consolidate(consolidation_case(item, [Declared("", firm, most, None)], options))


def consolidation_case(item: ItemShown, needs: list[Declared], options: Options) -> ConsolidationCase:
    """The rule's case for one item of a purchase."""
    chosen = options.get(item.code, ConsolidationOptions())
    return ConsolidationCase(
        label=item.code,
        item=PackedItem(
            unit_price=Fraction(item.unit_price),
            tiers=tuple(Tier(threshold, Fraction(price)) for threshold, price in item.tiers),
            pack=item.pack,
            minimum=item.minimum,
        ),
        needs=tuple(needs),
        rule=chosen.rule,
        incomplete_pack=chosen.incomplete_pack,
        use_tolerance_for_tier=chosen.use_tolerance_for_tier,
    )


class Terms(NamedTuple):
    """At what an item is paid: euros before VAT for a unit, percent."""

    unit_price: Fraction
    vat_rate: Fraction

    @classmethod
    def from_json(cls, kept: Mapping[str, str]) -> "Terms":
        return cls(Fraction(kept["unit_price"]), Fraction(kept["vat_rate"]))


@dataclass(frozen=True)
class FrozenConsolidation:
    id: int
    number: int
    frozen_at: datetime
    options: Options
    reason: str
    counts: bool
    """Not when the collection was opened again since, or suppliers' conditions changed what is ordered: what is
    declared counts, until it is frozen again.
    """
    repriced: bool = False
    """Whether these conditions are why."""
    terms: Mapping[str, Terms] | None = None
    """Of an adjustment (`adjusting`), at what each item is paid, by its code; None: the rule made it."""

    @property
    def adjusts(self) -> bool:
        """It says what members really take, of what the one before had ordered."""
        return self.terms is not None

    @property
    def outdated(self) -> str:
        """What pages say of one that no longer counts; nothing of one that does."""
        since = "le choix des devis" if self.repriced else "la réouverture"
        return "" if self.counts else f"La consolidation n° {self.number} date d’avant {since} : elle ne compte plus."


def still_counts() -> ColumnElement[bool]:
    """Of a consolidation beside its purchase's collection: frozen since that was last closed, and since suppliers'
    conditions last changed what is ordered. Whatever else it rests on cannot change in between: declarations by an
    amendment alone, which freezes again.
    """
    frozen_at = col(ConsolidationRecord.frozen_at)
    return func.coalesce(frozen_at >= col(Collection.closed_at), False) & ~_repriced_since()


def _repriced_since() -> ColumnElement[bool]:
    """Of a consolidation: its purchase's items are sold otherwise since."""
    of_it = aliased(Purchase)
    return exists().where(
        linked(of_it.id, ConsolidationRecord.purchase_id),
        col(of_it.repriced_at) > col(ConsolidationRecord.frozen_at),
    )


def consolidated() -> ColumnElement[bool]:
    """Of a purchase: it has a frozen consolidation that counts."""
    return exists().where(
        linked(ConsolidationRecord.purchase_id, Purchase.id),
        linked(Collection.purchase_id, Purchase.id),
        still_counts(),
    )


async def current_consolidation(session: AsyncSession, purchase_id: int) -> FrozenConsolidation | None:
    """The frozen consolidation that orders, costs and pages go by, if one counts."""
    latest = await latest_consolidation(session, purchase_id)
    return latest if latest and latest.counts else None


async def latest_consolidation(session: AsyncSession, purchase_id: int) -> FrozenConsolidation | None:
    """The newest record, whether it still counts or not."""
    row = (
        await session.execute(
            select(
                col(ConsolidationRecord.id),
                col(ConsolidationRecord.number),
                col(ConsolidationRecord.frozen_at),
                col(ConsolidationRecord.options),
                col(ConsolidationRecord.reason),
                still_counts(),
                _repriced_since(),
                col(ConsolidationRecord.terms),
            )
            .join(Collection, linked(Collection.purchase_id, ConsolidationRecord.purchase_id))
            .where(col(ConsolidationRecord.purchase_id) == purchase_id)
            .order_by(col(ConsolidationRecord.number).desc())
            .limit(1)
        )
    ).first()
    if row is None:
        return None
    id_, number, frozen_at, options, reason, counts, repriced, terms = row
    return FrozenConsolidation(
        id_,
        number,
        frozen_at,
        {code: ConsolidationOptions.from_json(kept) for code, kept in options.items()},
        reason,
        counts,
        repriced,
        None if terms is None else {code: Terms.from_json(kept) for code, kept in terms.items()},
    )


_UNITS = text("""
    SELECT item.key, CAST(item.value ->> 'order' AS bigint) FROM consolidations c, jsonb_each(c.result) item
    WHERE c.group_id = :group AND c.id = :record""")


async def units_ordered(session: AsyncSession, record_id: int) -> dict[str, int]:
    """What a record says is ordered of each item, or after it taken, by its code."""
    found = await session.execute(_UNITS, {"group": group_of(session), "record": record_id})
    return {code: int(units) for code, units in found}


async def terms_of(session: AsyncSession, frozen: FrozenConsolidation, items: Sequence[ItemShown]) -> dict[int, Terms]:
    """At what each item is paid, by its id: at the tier that its ordered quantity reached, or as an adjustment says."""
    ordered = {} if frozen.adjusts else await units_ordered(session, frozen.id)
    return {item.id: (frozen.terms or {}).get(item.code) or _terms(item, ordered.get(item.code, 0)) for item in items}


def _terms(item: ItemShown, ordered: int) -> Terms:
    tiers = [Tier(threshold, Fraction(price)) for threshold, price in item.tiers]
    return Terms(price_at(ordered, Fraction(item.unit_price), tiers), Fraction(item.vat_rate))

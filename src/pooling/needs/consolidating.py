"""From filed needs to what is ordered: the consolidation rule applied to each item, and its frozen record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.members.models import Member
from pooling.members.rights import Caller, Right
from pooling.needs.models import Assignment, Consolidation, Declaration, DeclarationState, Need
from pooling.needs.queries import consolidate_needs
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.queries import ItemShown, is_member, purchase_items
from pooling.purchases.service import lock_purchase
from pooling.sharing.consolidation import consolidate
from pooling.sharing.consolidation_case import (
    ConsolidationCase,
    Declared,
    IncompletePack,
    PackedItem,
    Rationing,
)
from pooling.sharing.consolidation_result import Consolidation as Consolidated
from pooling.sharing.tiers import Tier


@dataclass(frozen=True)
class ConsolidationOptions:
    """How the lead buyer wants one item's units shared when they do not fit."""

    rule: Rationing = Rationing.PROPORTIONAL
    incomplete_pack: IncompletePack = IncompletePack.ROUND_DOWN
    use_tolerance_for_tier: bool = True


async def filed_needs(session: AsyncSession, purchase_id: int) -> dict[int, list[Declared]]:
    """Every filed line, by item; members are named by their code. One statement."""
    rows = await session.execute(
        select(col(Need.item_id), col(Member.code), col(Need.quantity), col(Need.up_to), col(Need.declared_at))
        .join(
            Declaration,
            and_(
                col(Declaration.group_id) == col(Need.group_id),
                col(Declaration.id) == col(Need.declaration_id),
            ),
        )
        .join(Member, is_member(Declaration.group_id, Declaration.member_id))
        .where(col(Declaration.purchase_id) == purchase_id, col(Declaration.state) == DeclarationState.FILED)
    )
    needs: dict[int, list[Declared]] = {}
    for item_id, code, quantity, up_to, declared_at in rows:
        needs.setdefault(item_id, []).append(Declared(code, quantity, up_to, declared_at))
    return needs


async def consolidate_purchase(
    session: AsyncSession, purchase_id: int, options: Mapping[str, ConsolidationOptions] | None = None
) -> dict[str, Consolidated]:
    """What would be ordered of each item, by its code, with what is filed now. Options are given by item code."""
    needs = await filed_needs(session, purchase_id)
    chosen = options or {}
    return {
        item.code: consolidate(_case(item, needs.get(item.id, []), chosen.get(item.code, ConsolidationOptions())))
        for item in await purchase_items(session, purchase_id)
    }


async def outlook(session: AsyncSession, purchase_id: int) -> dict[str, Consolidated]:
    """What would be ordered of each item, by its code, without who gets what: it depends on the sums alone, so the
    needs are not read one by one.
    """
    totals = await consolidate_needs(session, purchase_id)
    return {
        item.code: consolidate(
            _case(
                item,
                [Declared("", totals.by_item.get(item.id, 0), totals.most_by_item.get(item.id, 0), None)],
                ConsolidationOptions(),
            )
        )
        for item in await purchase_items(session, purchase_id)
    }


def _case(item: ItemShown, needs: list[Declared], options: ConsolidationOptions) -> ConsolidationCase:
    return ConsolidationCase(
        label=item.code,
        item=PackedItem(
            unit_price=Fraction(item.unit_price),
            tiers=tuple(Tier(threshold, Fraction(price)) for threshold, price in item.tiers),
            pack=item.pack,
            minimum=item.minimum,
        ),
        needs=tuple(needs),
        rule=options.rule,
        incomplete_pack=options.incomplete_pack,
        use_tolerance_for_tier=options.use_tolerance_for_tier,
    )


async def freeze_consolidation(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    clock: Clock,
    options: Mapping[str, ConsolidationOptions] | None = None,
) -> Consolidation:
    """Writes down, under the next number, what is ordered and who gets what.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the collection is not closed.
    """
    caller.require(Right.RUN_PURCHASE, purchase_id=purchase_id)
    purchase = await lock_purchase(session, purchase_id, alone=True)
    if purchase.state != PurchaseState.CLOSED:
        raise Conflict("La consolidation se fige une fois la collecte close.", code="collection_not_closed")
    now = await clock.at_database(session)
    results = await consolidate_purchase(session, purchase_id, options)
    record = Consolidation(
        group_id=group_of(session),
        purchase_id=purchase_id,
        number=await _next_number(session, purchase_id),
        frozen_at=now,
        frozen_by=caller.person_id,
        result={code: result.to_json() for code, result in results.items()},
    )
    session.add(record)
    await session.flush()
    await _write_assignments(session, purchase, record.id, results)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="consolidation.frozen",
        details={"number": record.number, "units": {code: result.order for code, result in results.items()}},
    )
    return record


async def _next_number(session: AsyncSession, purchase_id: int) -> int:
    last = await session.execute(
        select(func.max(col(Consolidation.number))).where(col(Consolidation.purchase_id) == purchase_id)
    )
    return (last.scalar_one() or 0) + 1


async def _write_assignments(
    session: AsyncSession, purchase: Purchase, consolidation_id: int, results: Mapping[str, Consolidated]
) -> None:
    """Each member's units; a surplus of packs is the lead member's stock, added to its own."""
    items = {item.code: item.id for item in await purchase_items(session, purchase.id)}
    codes = await session.execute(select(col(Member.code), col(Member.id)))
    members = {code: member_id for code, member_id in codes}
    units: dict[tuple[int, int], int] = {}
    for code, result in results.items():
        for member, quantity in result.assigned.items():
            units[items[code], members[member]] = quantity
        if result.surplus:
            lead = (items[code], purchase.lead_member_id)
            units[lead] = units.get(lead, 0) + result.surplus
    await insert_many(
        session,
        Assignment,
        [
            {"consolidation_id": consolidation_id, "item_id": item, "member_id": member, "quantity": quantity}
            for (item, member), quantity in units.items()
        ],
    )


@dataclass(frozen=True)
class FrozenConsolidation:
    id: int
    number: int
    frozen_at: datetime


async def latest_consolidation(session: AsyncSession, purchase_id: int) -> FrozenConsolidation | None:
    row = (
        await session.execute(
            select(col(Consolidation.id), col(Consolidation.number), col(Consolidation.frozen_at))
            .where(col(Consolidation.purchase_id) == purchase_id)
            .order_by(col(Consolidation.number).desc())
            .limit(1)
        )
    ).first()
    return None if row is None else FrozenConsolidation(*row)

"""Who gets what of all items, as programs read it: a slice of the members at a time, in the order of their codes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, Text, exists, func, select, text, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.needs.consolidating import wanted_units
from pooling.needs.dealing import dealing, dealing_values, hashing, levelled, plan_of, units_of
from pooling.needs.freezing import lot_kept
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.purchases.queries import purchase_items

Units = tuple[str, dict[str, int]]
"""A member's code, and its units by the code of each item that it declared, if only to need none."""
_COLUMNS: dict[str, TypeEngine[Any]] = {"member": Text(), "item": Text(), "units": Integer()}
_THEIRS = "AND (d.member_id = ANY(CAST(:members AS bigint[])) OR n.item_id = ANY(CAST(:beyond AS bigint[])))"
"""Lines of these members; of items of which some get more than the level, everybody's: who does, depends on all."""
_DEALT = text(f"""
    {dealing(_THEIRS)}
    SELECT m.code, jsonb_object_agg(i.code, {units_of("level", "extra", "p.within_firm")})
    FROM line JOIN plan p USING (item_id) {levelled("level", "extra", "p.plan", "p.within_firm")}
    JOIN items i ON i.group_id = :group AND i.id = item_id
    JOIN members m ON m.group_id = :group AND m.id = line.member_id
    WHERE line.member_id = ANY(CAST(:members AS bigint[])) GROUP BY m.code""")  # noqa: S608 - statements of ours, no input
_FROZEN = (
    text("""
    SELECT given.key COLLATE "C" AS member, item.key AS item, CAST(given.value AS int) AS units
    FROM consolidations c, jsonb_each(c.result) item, jsonb_each(item.value -> 'assigned') given
    WHERE c.group_id = :group AND c.id = :record""")
    .columns(**_COLUMNS)
    .subquery("kept")
)
_ORDERED = text("""
    SELECT item.key, item.value - 'assigned' FROM consolidations c, jsonb_each(c.result) item
    WHERE c.group_id = :group AND c.id = :record ORDER BY item.key""")

_SAID = text("""
    SELECT item.key, said.key, said.value FROM consolidations c, jsonb_each(c.details) item, jsonb_each(item.value) said
    WHERE c.group_id = :group AND c.id = :record AND said.key = ANY(CAST(:members AS text[]))""")
_BY_CODE = Order(type_coerce(col(Member.code).collate("C"), Text()))
Assigned = tuple[dict[str, Mapping[str, Any]], Listed[Units]]
"""For each item's code what is ordered, as the rule writes it but for who gets what; and a slice of who does."""


async def assigned_now(session: AsyncSession, purchase_id: int, wanted: Slice) -> Assigned:
    """What the filed needs would give now.

    Raises:
        Invalid: as `Order.cut`.
    """
    units = await wanted_units(session, purchase_id)
    plans = [plan_of(item, units.get(item.id, Counter()), {}) for item in await purchase_items(session, purchase_id)]
    ordered: dict[str, Mapping[str, Any]] = {
        plan.item.code: {**plan.result.to_json(), **lot_kept(plan.item)} for plan in plans
    }
    declared = exists().where(linked(Need.declaration_id, Declaration.id))
    listed = await _BY_CODE.read(
        session,
        select(col(Member.code), col(Member.id))
        .join(Declaration, linked(Declaration.member_id, Member.id))
        .where(col(Declaration.purchase_id) == purchase_id, col(Declaration.state) == DeclarationState.FILED, declared),
        wanted,
    )
    values = {
        **dealing_values(session, purchase_id, plans),
        "members": [member_id for _, member_id in listed.items],
        "beyond": [plan.item.id for plan in plans if plan.gives_beyond],
    }
    async with hashing(session):
        dealt = {code: given for code, given in await session.execute(_DEALT, values)}
    return ordered, listed.each(lambda row: (row[0], dealt.get(row[0], {})))


async def assigned_by(session: AsyncSession, record_id: int, wanted: Slice) -> Assigned:
    """What a frozen consolidation says.

    Raises:
        Invalid: as `Order.cut`.
    """
    values = {"group": group_of(session), "record": record_id}
    ordered = await session.execute(_ORDERED, values)
    by_code = Order(_FROZEN.c.member, grouped=True)
    units = func.jsonb_object_agg(_FROZEN.c.item, _FROZEN.c.units)
    statement = select(_FROZEN.c.member, units).group_by(_FROZEN.c.member)
    found = await session.execute(by_code.cut(statement, wanted), values)
    return {code: result for code, result in ordered}, by_code.listed(found.all(), wanted).each(
        lambda row: (row[0], row[1])
    )


async def details_by(
    session: AsyncSession, record_id: int, members: Sequence[str]
) -> dict[str, dict[str, dict[str, str]]]:
    """What these members said of their lines, as a frozen consolidation keeps it: by item's code, then by member's."""
    values = {"group": group_of(session), "record": record_id, "members": list(members)}
    kept: dict[str, dict[str, dict[str, str]]] = {}
    for item, member, said in await session.execute(_SAID, values):
        kept.setdefault(item, {})[member] = said
    return kept

"""Freezing a consolidation, and freezing it again: numbered records, the référents concerned told at once."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.changes import changing
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.consolidating import Options, latest_consolidation, wanted_units
from pooling.needs.dealing import Plan, dealing, dealing_values, hashing, levelled, plan_of, units_of
from pooling.needs.notices import Lines, tell_referents
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items

ADJUSTED = (
    "La consolidation est ajustée à ce que chacun prend vraiment : elle ne se refait plus d’après les déclarations. "
    "Ajustez ce qui est attribué."
)


async def freeze_consolidation(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, *, options: Options, reason: str = ""
) -> int:
    """Writes down, under the next number, what is ordered and who gets what. Freezing again amends: it takes a reason,
    and référents whose units change are told. Returns the number.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the collection is not closed.
        Invalid: an amendment without a reason.
    """
    purchase, now = await lock_closed(session, caller, purchase_id, clock)
    former = await latest_consolidation(session, purchase_id)
    if former is not None and not reason:
        raise Invalid({"reason": "Dites pourquoi la consolidation change : les référents concernés le liront."})
    return await write_consolidation(session, caller, purchase, now, options=options, reason=reason)


async def lock_closed(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock
) -> tuple[Purchase, datetime]:
    """The purchase, locked alone by its lead buyer while its collection is closed, and the time once the lock is won.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the collection is not closed.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    kind_of(purchase.kind).require(Part.CONSOLIDATION)
    if purchase.state != PurchaseState.CLOSED:
        raise Conflict("La consolidation se fige une fois la collecte close.", code="collection_not_closed")
    return purchase, await clock.at_database(session)


async def write_consolidation(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    now: datetime,
    *,
    options: Options,
    reason: str,
    declared: Mapping[int, Lines] | None = None,
) -> int:
    """The next numbered record of a locked purchase; the members whose units change are told, and with them those
    whose declaration (`declared`, by member id) was amended. Returns its number.

    Raises:
        Conflict: the one that counts is adjusted to what members really take, which would be lost.
    """
    former = await latest_consolidation(session, purchase.id)
    if former is not None and former.counts and former.adjusts:
        raise Conflict(ADJUSTED, code="consolidation_adjusted")
    wanted = await wanted_units(session, purchase.id)
    items = await purchase_items(session, purchase.id)
    plans = [plan_of(item, wanted.get(item.id, Counter()), options) for item in items]
    number = former.number + 1 if former else 1
    record_id = await _write(session, caller, purchase, now, plans, options=options, reason=reason, number=number)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name="consolidation.amended" if former else "consolidation.frozen",
        reason=reason or None,
        details={"number": number, "units": {plan.item.code: plan.result.order for plan in plans}},
    )
    if former is not None:
        moved, amended = await changed_lines(session, former.id, record_id), declared or {}
        if moved or amended:
            write = notices.reassigned(moved, amended)
            await tell_referents(
                session, purchase, now, write, reason=reason, members=sorted(moved.keys() | amended.keys())
            )
    return number


_WRITE = f"""
    {dealing()},
    dealt AS (
        SELECT item_id, line.member_id, {units_of("level", "extra", "p.within_firm")} AS units
        FROM line JOIN plan p USING (item_id) {levelled("level", "extra", "p.plan", "p.within_firm")}),
    item AS (
        SELECT * FROM unnest(CAST(:plan_items AS bigint[]), CAST(:codes AS text[]), CAST(:results AS jsonb[]),
            CAST(:stocks AS bigint[])) AS i (item_id, code, result, stock)),
    assigned AS (
        SELECT item_id, jsonb_object_agg(m.code, units) AS units
        FROM dealt JOIN members m ON m.group_id = :group AND m.id = member_id GROUP BY item_id),
    said AS (
        SELECT i.code, jsonb_object_agg(m.code, jsonb_build_object('note', s.note, 'budget', COALESCE(b.code, ''),
            'budget_label', COALESCE(b.label, ''), 'engagement', s.engagement)) AS members
        FROM need_details s
        JOIN declarations d ON d.group_id = :group AND d.id = s.declaration_id
        JOIN members m ON m.group_id = :group AND m.id = d.member_id
        JOIN items i ON i.group_id = :group AND i.id = s.item_id
        LEFT JOIN budgets b ON b.group_id = :group AND b.id = s.budget_id
        WHERE s.group_id = :group AND d.purchase_id = :purchase AND d.state = 'filed'
        GROUP BY i.code),
    record AS (
        INSERT INTO consolidations
            (group_id, purchase_id, number, frozen_at, frozen_by, result, options, reason, details)
        SELECT :group, :purchase, :number, :now, :person,
            COALESCE(jsonb_object_agg(item.code, item.result || jsonb_build_object(
                'assigned', COALESCE(assigned.units, '{{}}'))) FILTER (WHERE item.code IS NOT NULL), '{{}}'),
            CAST(:options AS jsonb), :reason,
            (SELECT COALESCE(jsonb_object_agg(code, members), '{{}}') FROM said)
        FROM item LEFT JOIN assigned USING (item_id)
        RETURNING id),
    consolidated AS (
        INSERT INTO consolidated_items (group_id, consolidation_id, item_id)
        SELECT :group, record.id, item_id FROM record CROSS JOIN item),
    stock AS (SELECT item_id, CAST(:lead AS bigint) AS member_id, stock AS units FROM item WHERE stock > 0),
    given AS (
        INSERT INTO assignments (group_id, consolidation_id, item_id, member_id, quantity)
        SELECT :group, record.id, item_id, member_id, units
        FROM record CROSS JOIN (
            SELECT item_id, member_id, COALESCE(dealt.units, 0) + COALESCE(stock.units, 0) AS units
            FROM dealt FULL JOIN stock USING (item_id, member_id)) share)
    SELECT id FROM record"""  # noqa: S608 - statements of ours, no input


async def _write(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    now: datetime,
    plans: list[Plan],
    *,
    options: Options,
    reason: str,
    number: int,
) -> int:
    """The record and each member's units, in one statement; a surplus of packs is the lead member's stock, added to its
    own. Returns the record's id.
    """
    async with hashing(session):
        written = await session.execute(
            text(_WRITE),
            {
                **dealing_values(session, purchase.id, plans),
                "codes": [plan.item.code for plan in plans],
                "results": [json.dumps({**plan.result.to_json(), **lot_kept(plan.item)}) for plan in plans],
                "stocks": [plan.result.surplus for plan in plans],
                "number": number,
                "now": now,
                "person": caller.person_id,
                "options": json.dumps({code: chosen.to_json() for code, chosen in options.items()}),
                "reason": reason,
                "lead": purchase.lead_member_id,
            },
            execution_options=changing(consolidations=[purchase.id]),
        )
    record_id: int = written.scalar_one()
    return record_id


def lot_kept(item: ItemShown) -> dict[str, Any]:
    """What a record says of the lot that an item is in; nothing where it is in none."""
    return {} if item.lot is None else {"lot": item.lot.number}


async def changed_lines(session: AsyncSession, former_id: int, record_id: int) -> dict[int, dict[str, tuple[str, str]]]:
    """Units before and after by member id and item name, where they differ."""
    rows = await session.execute(
        text("""
            SELECT member_id, i.name, COALESCE(b.quantity, 0), COALESCE(a.quantity, 0)
            FROM (SELECT * FROM assignments WHERE group_id = :group AND consolidation_id = :former) b
            FULL JOIN (SELECT * FROM assignments WHERE group_id = :group AND consolidation_id = :record) a
                USING (item_id, member_id)
            JOIN items i ON i.group_id = :group AND i.id = item_id
            WHERE COALESCE(b.quantity, 0) <> COALESCE(a.quantity, 0)
            ORDER BY item_id, member_id"""),
        {"group": group_of(session), "former": former_id, "record": record_id},
    )
    lines: dict[int, dict[str, tuple[str, str]]] = {}
    for member_id, item, before, after in rows:
        lines.setdefault(member_id, {})[item] = (str(before), str(after))
    return lines

"""Who gets what of items that thousands of members need, worked out in the database.

What is ordered depends on the sums alone. The rule says what those get who can take as much (`sharing/alike.py`); one
statement gives it to each, whatever their number.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import group_of
from pooling.needs.consolidating import Options, Wanted, order_of
from pooling.purchases.queries import ItemShown
from pooling.sharing.alike import Level, levels
from pooling.sharing.consolidation_case import Rationing
from pooling.sharing.consolidation_result import Consolidation


@dataclass(frozen=True)
class Plan:
    """What is dealt out of one item."""

    item: ItemShown
    result: Consolidation
    """What is ordered; of who gets what it knows the sum alone."""
    within_firm: bool
    """Not even the firm quantities are covered: units are shared within them. Otherwise all have theirs, and more
    units are shared within the tolerances.
    """
    levels: Mapping[int, Level]
    """What those of each cap get, beside their firm quantity where that is covered."""
    in_turn: int | None
    """How many units are given in order of arrival instead."""


def plan_of(item: ItemShown, wanted: Counter[Wanted], options: Options) -> Plan:
    """How an item is dealt out among those who want it; `wanted` counts the members of each wish."""
    result = order_of(item, wanted, options)
    within_firm = result.order < result.case.firm
    units = result.order if within_firm else result.order - result.surplus - result.case.firm
    if result.case.rule is Rationing.FIRST_COME:
        return Plan(item, result, within_firm, {}, units)
    caps: Counter[int] = Counter()
    for (firm, up_to), members in wanted.items():
        caps[firm if within_firm else up_to - firm] += members
    return Plan(item, result, within_firm, levels(units, caps, result.case.rule), None)


_CAP = "CASE WHEN within_firm THEN quantity ELSE up_to - quantity END"
_SURE = "CASE WHEN within_firm THEN 0 ELSE quantity END"
DEALT = f"""
    plan AS (
        SELECT * FROM unnest(CAST(:plans AS int[]), CAST(:plan_items AS bigint[]), CAST(:within_firm AS boolean[]),
            CAST(:in_turn AS bigint[])) AS p (plan, item_id, within_firm, in_turn)),
    level AS (
        SELECT * FROM unnest(CAST(:level_plans AS int[]), CAST(:caps AS int[]), CAST(:level_units AS bigint[]),
            CAST(:odd AS bigint[])) AS l (plan, cap, units, odd)),
    line AS (
        SELECT n.item_id, d.member_id, n.quantity, n.up_to, n.declared_at
        FROM (SELECT DISTINCT item_id FROM plan) i
        JOIN needs n ON n.group_id = :group AND n.item_id = i.item_id
        JOIN declarations d ON d.group_id = :group AND d.id = n.declaration_id
        WHERE d.purchase_id = :purchase AND d.state = 'filed'),
    dealt AS (
        SELECT plan, item_id, member_id, quantity, up_to, {_SURE} + units AS units
        FROM line JOIN plan USING (item_id) JOIN level USING (plan) WHERE odd = 0 AND cap = {_CAP}
        UNION ALL
        SELECT plan, item_id, member_id, quantity, up_to, {_SURE} + units
            + CAST(row_number() OVER (PARTITION BY plan ORDER BY m.code COLLATE "C") <= odd AS int)
        FROM line JOIN plan USING (item_id) JOIN level USING (plan)
        JOIN members m ON m.group_id = :group AND m.id = member_id WHERE odd > 0 AND cap = {_CAP}
        UNION ALL
        SELECT plan, item_id, member_id, quantity, up_to, {_SURE} + LEAST({_CAP}, GREATEST(0, in_turn + {_CAP} - sum(
            {_CAP}) OVER (PARTITION BY plan ORDER BY declared_at, m.code COLLATE "C" ROWS UNBOUNDED PRECEDING)))
        FROM line JOIN plan USING (item_id)
        JOIN members m ON m.group_id = :group AND m.id = member_id WHERE in_turn IS NOT NULL)"""  # noqa: S608 - no input
"""Begins a statement: `dealt` is what each member gets of each plan's item, without a stock."""


def dealt_values(session: AsyncSession, purchase_id: int, plans: Sequence[Plan]) -> dict[str, Any]:
    """The parameters of `DEALT`; plans are numbered from 0."""
    numbered = [
        (number, cap, level.units, level.odd) for number, plan in enumerate(plans) for cap, level in plan.levels.items()
    ]
    level_plans, caps, units, odd = map(list, zip(*numbered, strict=True)) if numbered else ([], [], [], [])
    return {
        "group": group_of(session),
        "purchase": purchase_id,
        "plans": list(range(len(plans))),
        "plan_items": [plan.item.id for plan in plans],
        "within_firm": [plan.within_firm for plan in plans],
        "in_turn": [plan.in_turn for plan in plans],
        "level_plans": level_plans,
        "caps": caps,
        "level_units": units,
        "odd": odd,
    }

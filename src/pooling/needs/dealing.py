"""Who gets what of items that thousands of members need, worked out in the database.

What is ordered depends on the sums alone. The rule says what those get who can take as much (`sharing/alike.py`); one
statement gives it to each, whatever their number.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import group_of
from pooling.needs.consolidating import Options, Wanted, order_of
from pooling.purchases.queries import ItemShown
from pooling.sharing.alike import Level, levels
from pooling.sharing.consolidation_case import Rationing
from pooling.sharing.consolidation_result import Consolidation


@asynccontextmanager
async def hashing(session: AsyncSession) -> AsyncIterator[None]:
    """Around what deals out: rows are met by hashing them, in memory that the transaction keeps. Of a purchase that it
    has not analyzed yet PostgreSQL thinks that it has a handful of needs, and would compare each with each; of one that
    it has, that few of its rows meet, and would sort them by the supplier, which all of them have.
    """
    await session.execute(_HASHING)
    yield
    await session.execute(_AS_USUAL)


_MEMORY = "GREATEST(pg_size_bytes(current_setting('work_mem')), pg_size_bytes('64MB')) / 1024 || 'kB'"


def _ways(state: str) -> str:
    """Both other ways in which rows can meet."""
    return f"set_config('enable_nestloop', '{state}', true), set_config('enable_mergejoin', '{state}', true)"


_HASHING = text(f"SELECT {_ways('off')}, set_config('work_mem', {_MEMORY}, true)")
_AS_USUAL = text(f"SELECT {_ways('on')}")


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

    @property
    def gives_beyond(self) -> bool:
        """Whether some get more than the level of their cap, or get something in their turn."""
        return self.in_turn is not None or any(level.odd for level in self.levels.values())


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


_CAP = "CASE WHEN {within_firm} THEN quantity ELSE up_to - quantity END"
_SURE = "CASE WHEN {within_firm} THEN 0 ELSE quantity END"


def units_of(level: str, extra: str, within_firm: str) -> str:
    """What a line gets by a plan, of which these are the level and what is given beyond it."""
    return f"{_SURE.format(within_firm=within_firm)} + COALESCE({level}.units, 0) + COALESCE({extra}.units, 0)"


def levelled(level: str, extra: str, plan: str, within_firm: str) -> str:
    """Joins a line with these. Outer joins all: what the plan says of as many lines as there are is not guessed at."""
    return f"""
        LEFT JOIN level {level} ON {level}.plan = {plan} AND {level}.cap = {_CAP.format(within_firm=within_firm)}
        LEFT JOIN extra {extra} ON {extra}.plan = {plan} AND {extra}.member_id = line.member_id"""


def dealing(lines: str = "", *, named: bool = False) -> str:
    """Begins a statement: each line (`lines`: those meant), the level of each cap, and what some get beyond it: an odd
    unit, or whatever is given in order of arrival. `named`: lines have the code, name and sort key of their member,
    which is met once then.
    """
    cap = _CAP.format(within_firm="p.within_firm")
    one = "JOIN members m ON m.group_id = :group AND m.id = {}.member_id"
    of_line, names = (one.format("d"), ", m.code, m.name, m.sort_key") if named else ("", "")
    of_extra, code = ("", "line.code") if named else (one.format("line"), "m.code")
    return f"""
    WITH plan AS (
        SELECT * FROM unnest(CAST(:plans AS int[]), CAST(:plan_items AS bigint[]), CAST(:within_firm AS boolean[]),
            CAST(:in_turn AS bigint[]), CAST(:odd_caps AS int[]), CAST(:odd AS bigint[]))
            AS p (plan, item_id, within_firm, in_turn, odd_cap, odd)),
    level AS (
        SELECT * FROM unnest(CAST(:level_plans AS int[]), CAST(:caps AS int[]), CAST(:level_units AS bigint[]))
            AS l (plan, cap, units)),
    line AS MATERIALIZED (
        SELECT n.item_id, d.member_id, n.quantity, n.up_to, n.declared_at{names}
        FROM needs n JOIN declarations d ON d.group_id = :group AND d.id = n.declaration_id {of_line}
        WHERE n.group_id = :group AND d.purchase_id = :purchase AND d.state = 'filed' {lines}),
    extra AS (
        SELECT plan, member_id, 1 AS units FROM (
            SELECT p.plan, p.odd, member_id, row_number() OVER (PARTITION BY p.plan ORDER BY {code} COLLATE "C") place
            FROM plan p JOIN line ON line.item_id = p.item_id AND p.odd_cap = {cap} {of_extra}
            WHERE p.odd_cap IS NOT NULL) first
        WHERE place <= odd
        UNION ALL
        SELECT p.plan, member_id, LEAST({cap}, GREATEST(0, p.in_turn + {cap} - sum({cap}) OVER (
            PARTITION BY p.plan ORDER BY declared_at, {code} COLLATE "C" ROWS UNBOUNDED PRECEDING)))
        FROM plan p JOIN line ON line.item_id = p.item_id {of_extra} WHERE p.in_turn IS NOT NULL)"""  # noqa: S608 - ours


def dealing_values(session: AsyncSession, purchase_id: int, plans: Sequence[Plan]) -> dict[str, Any]:
    """The parameters of `dealing`; plans are numbered from 0."""
    levels = [(number, cap, level) for number, plan in enumerate(plans) for cap, level in plan.levels.items()]
    odd = [next(((cap, level.odd) for cap, level in plan.levels.items() if level.odd), (None, None)) for plan in plans]
    return {
        "group": group_of(session),
        "purchase": purchase_id,
        "plans": list(range(len(plans))),
        "plan_items": [plan.item.id for plan in plans],
        "within_firm": [plan.within_firm for plan in plans],
        "in_turn": [plan.in_turn for plan in plans],
        "odd_caps": [cap for cap, _ in odd],
        "odd": [units for _, units in odd],
        "level_plans": [number for number, _, _ in levels],
        "caps": [cap for _, cap, _ in levels],
        "level_units": [level.units for _, _, level in levels],
    }

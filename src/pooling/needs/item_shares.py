"""Who gets what of one item and what it costs each, with and without aiming at a price tier, page by page."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import BigInteger, String, Subquery, TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.slices import Listed, Order, Slice
from pooling.needs.consolidating import ConsolidationOptions, Options, wanted_units
from pooling.needs.dealing import Plan, dealing, dealing_values, hashing, levelled, plan_of, units_of
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown
from pooling.sharing.alike import Level, levels
from pooling.sharing.comparison import Assigned, MemberComparison
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.money import Cents


@dataclass(frozen=True)
class ShareLine(MemberComparison):
    """One member's units and costs, both ways; `member` is its name."""

    member_id: int
    firm: int
    most: int


@dataclass(frozen=True)
class ItemShares:
    """The order both ways, without who gets what, and a page of the members."""

    without: Consolidation
    with_tolerance: Consolidation
    lines: Listed[ShareLine]

    @property
    def saving(self) -> Cents:
        """What aiming at a tier saves on the total HT; never negative."""
        return self.without.total - self.with_tolerance.total


@dataclass(frozen=True)
class _Price:
    """What units cost, in cents: the total of an order, shared in proportion."""

    each: Cents = 0
    """Of one unit, where the total falls evenly."""
    levels: Mapping[int, Level] = field(default_factory=dict)
    """Otherwise by units: how many cents, and how many members in the order of their codes pay one more."""

    def of(self, units: int, place: int) -> Assigned:
        level = self.levels.get(units, Level(units * self.each))
        return Assigned(units, level.units + (place <= level.odd))


async def item_shares(
    session: AsyncSession, purchase: Purchase, item: ItemShown, options: Options, asked: Slice
) -> ItemShares:
    """Those whose units tolerance moves most come first, then in French order. A surplus of packs is the lead member's,
    even when it declared nothing.
    """
    wanted = (await wanted_units(session, purchase.id, item_id=item.id)).get(item.id, Counter())
    chosen = options.get(item.code, ConsolidationOptions())
    without, aiming = (
        plan_of(item, wanted, {item.code: replace(chosen, use_tolerance_for_tier=aims)}) for aims in (False, True)
    )
    plans = [without] if without.result.order == aiming.result.order else [without, aiming]
    values = {
        **dealing_values(session, purchase.id, plans),
        "item": item.id,
        "aiming": len(plans) - 1,
        "within": without.within_firm,
        "aiming_within": plans[-1].within_firm,
        "lead": purchase.lead_member_id,
        "stock": without.result.surplus,  # the same both ways: who aims at a tier buys no stock
    }
    async with hashing(session):
        prices = [
            await _price(session, plan, column, values) for plan, column in zip(plans, ("units", "more"), strict=False)
        ]
        lines, order = _ODD if any(price.levels for price in prices) else _EVEN
        columns = (lines.c.member_id, *(lines.c[name] for name in ("name", "quantity", "up_to")))
        places = (lines.c.units, lines.c.place, lines.c.more, lines.c.more_place)
        rows = await session.execute(order.cut(select(*columns, *places), asked), values)

    def line(row: tuple[Any, ...]) -> ShareLine:
        member_id, name, firm, most, units, place, more, more_place = row
        return ShareLine(name, prices[0].of(units, place), prices[-1].of(more, more_place), member_id, firm, most)

    return ItemShares(without.result, aiming.result, order.listed(rows.all(), asked).each(line))


_WITHIN, _AIMING_WITHIN = "CAST(:within AS boolean)", "CAST(:aiming_within AS boolean)"
_SHARES = f"""
    {dealing("AND n.item_id = CAST(:item AS bigint)", named=True)},
    stock AS (SELECT CAST(:lead AS bigint) AS member_id, CAST(:stock AS bigint) AS units),
    share AS (
        SELECT line.member_id, code, name, sort_key, quantity, up_to,
            {units_of("low", "more_low", _WITHIN)} + COALESCE(stock.units, 0) AS units,
            {units_of("high", "more_high", _AIMING_WITHIN)} + COALESCE(stock.units, 0) AS more
        FROM line LEFT JOIN stock ON stock.member_id = line.member_id
        {levelled("low", "more_low", "0", _WITHIN)}
        {levelled("high", "more_high", "CAST(:aiming AS int)", _AIMING_WITHIN)}
        UNION ALL
        SELECT member_id, m.code, m.name, m.sort_key, 0, 0, units, units
        FROM stock JOIN members m ON m.group_id = :group AND m.id = member_id
        WHERE units > 0 AND member_id NOT IN (SELECT member_id FROM line))"""  # noqa: S608 - no input
"""Every member's units without aiming at a tier, and (`more`) aiming at it."""


def _units(column: str) -> TextClause:
    """How many members get as many."""
    return text(f"{_SHARES} SELECT {column}, count(*) FROM share GROUP BY 1")  # noqa: S608 - no input


def _lines(*places: str) -> tuple[Subquery, Order]:
    """Every member's line, and in which order; `places` is where it stands among those who get as many units."""
    place, more_place = places
    statement = f"""{_SHARES}
        SELECT name, quantity, up_to, units, {place} AS place, more, {more_place} AS more_place,
            -abs(more - units) AS moved, sort_key, member_id
        FROM share"""  # noqa: S608 - no input
    numbers = ("quantity", "up_to", "units", "place", "more", "more_place", "moved", "member_id")
    columns = {"name": String(), "sort_key": String()} | {name: BigInteger() for name in numbers}
    lines = text(statement).columns(**columns).subquery("lines")
    return lines, Order(lines.c.moved, lines.c.sort_key, lines.c.member_id)


_EVEN = _lines("1", "1")
"""Where nobody's place matters."""
_ODD = _lines(*(f'row_number() OVER (PARTITION BY {units} ORDER BY code COLLATE "C")' for units in ("units", "more")))


async def _price(session: AsyncSession, plan: Plan, column: str, values: Mapping[str, object]) -> _Price:
    """How many members get as many units is only asked where the total does not fall evenly."""
    total, units = plan.result.total, plan.result.order
    if not units or total % units == 0:
        return _Price(total // units if units else 0)
    alike = await session.execute(_units(column), values)
    return _Price(levels=levels(total, {units: members for units, members in alike}))

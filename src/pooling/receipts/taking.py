"""What members really take of what is assigned, as receipts say it, and the adjustment that makes shares follow.

Of a line that is still awaited a member takes what its order asks for, or more if more was accepted; of an order that
is complete, or declared so, what was accepted. What is in no order that has left stays as it is assigned.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.tables import any_of
from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.rights import Caller
from pooling.needs.adjusting import ADJUSTING, AdjustmentIn, Line, adjust_consolidation, require_adjustable
from pooling.needs.consolidating import FrozenConsolidation, Terms, current_consolidation, terms_of
from pooling.needs.dealing import hashing
from pooling.orders.models import Order
from pooling.orders.rules import LEFT
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.receipts.queries import is_complete

CHANGED = (
    "Entre-temps, quelqu’un a noté une arrivée, changé une commande ou ajusté ce qui est attribué. Vérifiez de nouveau."
)

_TAKEN = """
    WITH arrived AS (
        SELECT x.order_line_id, sum(x.accepted)::bigint AS accepted
        FROM receipts r JOIN receipt_lines x ON x.group_id = r.group_id AND x.receipt_id = r.id
        WHERE r.group_id = $1 AND r.order_id = ANY ($3::bigint[]) AND r.withdrawn_at IS NULL
        GROUP BY x.order_line_id),
    line AS (
        SELECT l.item_id, l.member_id, sum(l.quantity)::bigint AS ordered,
            sum(coalesce(a.accepted, 0))::bigint AS accepted,
            sum(CASE WHEN l.order_id = ANY ($4::bigint[]) THEN coalesce(a.accepted, 0)
                ELSE greatest(l.quantity, coalesce(a.accepted, 0)) END)::bigint AS units
        FROM order_lines l LEFT JOIN arrived a ON a.order_line_id = l.id
        WHERE l.group_id = $1 AND l.order_id = ANY ($3::bigint[])
        GROUP BY l.item_id, l.member_id),
    taken AS (
        SELECT item_id, member_id, coalesce(g.quantity, 0)::bigint AS assigned, coalesce(line.ordered, 0) AS ordered,
            coalesce(line.accepted, 0) AS accepted, coalesce(line.units, g.quantity)::bigint AS units
        FROM (SELECT item_id, member_id, quantity FROM assignments WHERE group_id = $1 AND consolidation_id = $2) g
        FULL JOIN line USING (item_id, member_id))"""
_DIFFERING = f"{_TAKEN} SELECT item_id, member_id, units FROM taken WHERE units <> assigned ORDER BY item_id, member_id"  # noqa: S608 - ours
_LINES = f"""{_TAKEN}
    SELECT item_id, member_id, m.code AS member_code, m.name AS member, assigned, ordered, accepted, units
    FROM taken JOIN members m ON m.group_id = $1 AND m.id = member_id
    JOIN items i ON i.group_id = $1 AND i.id = item_id
    WHERE (units <> assigned OR ($5 AND units + assigned + ordered + accepted > 0))
        AND ($6::bigint[] IS NULL OR member_id = ANY ($6))
    ORDER BY (units = assigned), i.position, item_id, m.sort_key, member_id LIMIT $7"""  # noqa: S608 - ours
_COUNT = f"{_TAKEN} SELECT count(*) AS lines FROM taken WHERE units <> assigned"  # noqa: S608 - ours
_SUMS = f"""{_TAKEN}
    SELECT item_id, sum(assigned)::bigint AS assigned, sum(units)::bigint AS units,
        count(*) FILTER (WHERE units <> assigned) AS differing,
        count(*) FILTER (WHERE units + assigned + ordered + accepted > 0) AS lines,
        md5(string_agg(member_id || ' ' || units || ' ' || assigned, ',' ORDER BY member_id)) AS said
    FROM taken GROUP BY item_id"""  # noqa: S608 - ours
_PRICES = """
SELECT DISTINCT ON (i.item_id) i.item_id, i.unit_price, i.vat_rate FROM order_items i
LEFT JOIN order_lines l ON l.group_id = i.group_id AND l.order_id = i.order_id AND l.item_id = i.item_id
WHERE i.group_id = $1 AND i.order_id = ANY ($2::bigint[])
GROUP BY i.item_id, i.unit_price, i.vat_rate ORDER BY i.item_id, sum(l.quantity) DESC NULLS LAST, i.unit_price"""


@dataclass(frozen=True)
class TakenLine:
    """What a member takes of an item, beside what is assigned to it."""

    item_id: int
    member_id: int
    member_code: str
    member: str
    assigned: int
    ordered: int
    """Of orders that have left, as they ask for it now."""
    accepted: int
    units: int
    """What it takes, by what is known now."""


@dataclass(frozen=True)
class ItemTaken:
    """An item over all members."""

    item: ItemShown
    assigned: int
    units: int
    differing: int
    """Members that take more or less than they are assigned."""
    lines: int
    said: str
    """Stands for what each member takes and is assigned."""
    before: Terms
    """At what it is paid by what is assigned."""
    after: Terms
    """At what it would be."""


@dataclass(frozen=True)
class Taking:
    """What an adjustment would be made from."""

    frozen: FrozenConsolidation
    items: Sequence[ItemTaken]
    placed: Sequence[int]
    """Ids of the orders that have left."""
    complete: Sequence[int]
    """Those of which nothing more is awaited."""

    @property
    def differing(self) -> int:
        """Lines that would change."""
        return sum(one.differing for one in self.items)

    @property
    def lines(self) -> int:
        return sum(one.lines for one in self.items)

    @property
    def terms(self) -> dict[int, Terms]:
        """What of them changes, by item id."""
        return {one.item.id: one.after for one in self.items if one.after != one.before}

    @property
    def version(self) -> str:
        """Stands for what was shown; travels in the form, hidden."""
        said = [[one.item.id, one.said, *map(str, (*one.before, *one.after))] for one in self.items]
        return version_of([self.frozen.id, said])


async def read_taking(session: AsyncSession, purchase: Purchase) -> Taking:
    """What members take by what is known now, over all items.

    Raises:
        Conflict: as `require_adjustable`; the purchase is closed and none of its orders has left.
    """
    frozen = await require_adjustable(session, purchase)
    placed, complete = await _orders(session, purchase.id)
    if purchase.state == PurchaseState.CLOSED and not placed:
        raise Conflict("Aucune commande n’est partie : modifiez la consolidation.", code="nothing_ordered")
    items = await purchase_items(session, purchase.id)
    async with hashing(session):
        rows = await fetch(session, _SUMS, group_of(session), frozen.id, placed, complete)
    sums = {row["item_id"]: {name: row[name] for name in _NOBODY} for row in rows}
    before = await terms_of(session, frozen, items)
    after = before if frozen.adjusts else {**before, **await _as_ordered(session, placed)}
    return Taking(
        frozen,
        [_item(item, sums.get(item.id, _NOBODY), before[item.id], after[item.id]) for item in items],
        placed,
        complete,
    )


_NOBODY: Mapping[str, Any] = {"assigned": 0, "units": 0, "differing": 0, "lines": 0, "said": ""}


def _item(item: ItemShown, sums: Mapping[str, Any], before: Terms, after: Terms) -> ItemTaken:
    return ItemTaken(item, **sums, before=before, after=after)


async def differing_lines(session: AsyncSession, purchase: Purchase) -> int | None:
    """How many lines of what is assigned are not what members really take; None: nothing is assigned, or no order has
    left.
    """
    if not await may_follow(session, purchase):
        return None
    frozen = await require_adjustable(session, purchase)
    placed, complete = await _orders(session, purchase.id)
    if not placed:
        return None
    async with hashing(session):
        (row,) = await fetch(session, _COUNT, group_of(session), frozen.id, placed, complete)
    return int(row["lines"])


async def _orders(session: AsyncSession, purchase_id: int) -> tuple[list[int], list[int]]:
    """Those that have left, and those of them of which nothing more is awaited."""
    rows = await session.execute(
        select(col(Order.id), is_complete())
        .select_from(Order)
        .where(col(Order.purchase_id) == purchase_id, any_of(col(Order.state), LEFT))
        .order_by(col(Order.id))
    )
    found = list(rows)
    return [id_ for id_, _ in found], [id_ for id_, complete in found if complete]


async def _as_ordered(session: AsyncSession, placed: Sequence[int]) -> dict[int, Terms]:
    """The price and rate of each item in these orders; where they differ, those of the most units."""
    rows = await fetch(session, _PRICES, group_of(session), list(placed))
    return {row["item_id"]: Terms(Fraction(row["unit_price"]), Fraction(row["vat_rate"])) for row in rows}


async def taken_lines(
    session: AsyncSession, taking: Taking, most: int, *, everything: bool = False, members: Sequence[int] | None = None
) -> list[TakenLine]:
    """Lines that would change, then, where `everything` is asked for, the others."""
    async with hashing(session):
        rows = await fetch(session, _LINES, *_of(session, taking), everything, members, most)
    return [TakenLine(**row) for row in rows]


def _of(session: AsyncSession, taking: Taking) -> tuple[int, int, list[int], list[int]]:
    return group_of(session), taking.frozen.id, list(taking.placed), list(taking.complete)


async def adjust_taken(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    clock: Clock,
    *,
    reason: str,
    units: Mapping[Line, int] | None = None,
    terms: Mapping[int, Terms] | None = None,
    as_received: bool = True,
    seen: str | None = None,
) -> int:
    """Adjusts what is assigned to what receipts say that members take, but for the lines and items that are named.
    Returns the number of the consolidation.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: as `read_taking`.
        ChangedMeanwhile: it is no longer as it was `seen`.
        Invalid: as `adjust_consolidation`.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    taking = await read_taking(session, purchase)
    if seen is not None and seen != taking.version:
        raise ChangedMeanwhile(CHANGED)
    command = await _received(session, taking) if as_received else AdjustmentIn()
    command = replace(command, units={**command.units, **(units or {})}, terms={**command.terms, **(terms or {})})
    return await adjust_consolidation(
        session, caller, purchase, await clock.at_database(session), command, reason=reason
    )


async def _received(session: AsyncSession, taking: Taking) -> AdjustmentIn:
    """All that would change, of hundreds of thousands of lines too."""
    async with hashing(session):
        rows = await fetch(session, _DIFFERING, *_of(session, taking))
    return AdjustmentIn({(item, member): units for item, member, units in rows}, taking.terms)


async def follow_order(
    session: AsyncSession, caller: Caller, purchase: Purchase, lines: Collection[Line], now: datetime, *, reason: str
) -> int | None:
    """Adjusts these lines of what is assigned after an order of a locked purchase has changed. Returns the number of
    the consolidation; None: none counts, or nothing changes by it.
    """
    if not await may_follow(session, purchase):
        return None
    command = await _received(session, await read_taking(session, purchase))
    units = {line: units for line, units in command.units.items() if line in lines}
    if not units:
        return None
    return await adjust_consolidation(session, caller, purchase, now, replace(command, units=units), reason=reason)


async def may_follow(session: AsyncSession, purchase: Purchase) -> bool:
    """Whether there is something that follows what orders bring."""
    return purchase.state in ADJUSTING and await current_consolidation(session, purchase.id) is not None

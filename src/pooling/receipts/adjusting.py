"""What was refused or never came is no longer asked for: the next version of the order says what was received, and so
does what is assigned, which is paid.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.limits import limit
from pooling.members.rights import Caller
from pooling.orders.changing import AmendmentIn, amend_order
from pooling.receipts.finishing import finish_delivery
from pooling.receipts.noting import lock_order
from pooling.receipts.queries import CAME
from pooling.receipts.taking import follow_order

MOST_ADJUSTED = limit(5_000, "Lines of an order that are adjusted at once to what was received", __name__)
_SHORT = f"""
SELECT l.item_id, l.member_id, l.site_id, i.name AS item, i.unit, m.name AS member, coalesce(s.name, '') AS site,
    l.quantity AS before, {CAME} AS after
FROM order_lines l
JOIN order_items i ON i.group_id = l.group_id AND i.order_id = l.order_id AND i.item_id = l.item_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN sites s ON s.group_id = l.group_id AND s.id = l.site_id
WHERE l.group_id = $1 AND l.order_id = $2 AND l.quantity > {CAME}
ORDER BY m.sort_key, m.id, s.sort_key, l.site_id, i.position, i.item_id LIMIT $3"""  # noqa: S608 - ours


@dataclass(frozen=True)
class Short:
    """A line of which something is due: what it asks for, and what it would ask for."""

    item_id: int
    member_id: int
    site_id: int | None
    item: str
    unit: str
    member: str
    site: str
    before: int
    after: int


@dataclass(frozen=True)
class Adjusted:
    """What an adjustment made."""

    version: int
    """The number of the order's."""
    consolidation: int | None
    """Its number; None: nothing is assigned by one."""


async def short_lines(session: AsyncSession, order_id: int) -> list[Short]:
    """Those of which something is due; one more than is adjusted at once, where there are more."""
    rows = await fetch(session, _SHORT, group_of(session), order_id, MOST_ADJUSTED + 1)
    return [Short(**row) for row in rows]


async def adjust_order(
    session: AsyncSession, caller: Caller, purchase_id: int, order_id: int, clock: Clock, *, reason: str
) -> Adjusted:
    """Amends an order so that it asks for what was received, at each place of which something is due; what is assigned
    follows, where a consolidation counts.

    Raises: as `amend_order`; Conflict where nothing is due, or too many lines are.
    """
    purchase, order = await lock_order(session, purchase_id, order_id)
    short = await short_lines(session, order_id)
    if not short:
        raise Conflict("Rien ne manque : la commande dit déjà ce qui est arrivé.", code="nothing_due")
    if len(short) > MOST_ADJUSTED:
        raise Conflict("Trop de lignes manquent pour les modifier d’un coup : modifiez la commande.", code="too_many")
    units = {(one.item_id, one.member_id, one.site_id): one.after for one in short}
    number = await amend_order(session, caller, purchase_id, order_id, AmendmentIn(units=units), clock, reason=reason)
    await session.flush()
    now = await clock.at_database(session)
    lines = {(one.item_id, one.member_id) for one in short}
    consolidation = await follow_order(session, caller, purchase, lines, now, reason=reason)
    await finish_delivery(session, caller, purchase, order, now)
    return Adjusted(number, consolidation)

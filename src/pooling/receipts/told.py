"""What the mails about deliveries say, read for all their orders at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.receipts.queries import CAME, delivered_of
from pooling.web.typography import plural

NAMED_AT_MOST = 12


@dataclass(frozen=True)
class OrderTold:
    number: int
    reference: str
    supplier: str
    purchase_id: int
    purchase: str
    title: str
    day: date
    promised: bool
    """By the supplier; else it is the day that the group expects."""
    due: Sequence[str]
    """What is still due of it, by item."""


@dataclass(frozen=True)
class Awaited:
    """What is due to a member of the reader's, at one place."""

    code: str
    said: str


_ORDERS = """
SELECT o.id, o.number, o.reference, s.name AS supplier, p.id AS purchase_id, p.reference AS purchase, p.title,
    coalesce(o.promised_on, p.delivery_expected_on) AS day, o.promised_on IS NOT NULL AS promised
FROM orders o
JOIN purchases p ON p.group_id = o.group_id AND p.id = o.purchase_id
JOIN suppliers s ON s.group_id = o.group_id AND s.id = o.supplier_id
WHERE o.group_id = $1 AND o.id = ANY ($2::bigint[])"""
_AWAITED = f"""
SELECT l.order_id, h.person_id, m.code, m.name, coalesce(s.name, '') AS site, i.name AS item, i.unit,
    l.quantity - {CAME} AS due
FROM memberships h
JOIN order_lines l ON l.group_id = h.group_id AND l.member_id = h.member_id AND l.order_id = ANY ($2::bigint[])
JOIN order_items i ON i.group_id = l.group_id AND i.order_id = l.order_id AND i.item_id = l.item_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN sites s ON s.group_id = l.group_id AND s.id = l.site_id
WHERE h.group_id = $1 AND h.person_id = ANY ($3::bigint[]) AND h.role = 'referent' AND h.ended_at IS NULL
    AND l.quantity > {CAME}
ORDER BY m.sort_key, m.id, s.sort_key, l.site_id, i.position, i.item_id"""  # noqa: S608 - ours


async def orders_told(session: AsyncSession, orders: Collection[int]) -> dict[int, OrderTold]:
    delivered = await delivered_of(session, orders)
    found = {}
    for row in await fetch(session, _ORDERS, group_of(session), list(orders)):
        known = dict(row)
        order_id = known.pop("id")
        items = delivered[order_id].items
        due = [f"{one.name} : {plural(one.arrived.due, one.unit)}" for one in items if one.arrived.due]
        found[order_id] = OrderTold(**known, due=due)
    return found


async def awaited_by(
    session: AsyncSession, orders: Collection[int], people: Collection[int]
) -> dict[tuple[int, int], list[Awaited]]:
    """By order and référent."""
    found: dict[tuple[int, int], list[Awaited]] = {}
    for row in await fetch(session, _AWAITED, group_of(session), list(orders), list(people)):
        place = " – ".join(filter(None, (row["name"], row["site"])))
        said = f"{place}, {row['item']} : {plural(row['due'], row['unit'])}"
        found.setdefault((row["order_id"], row["person_id"]), []).append(Awaited(row["code"], said))
    return found

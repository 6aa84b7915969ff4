"""What a list would bring, and what is doubtful about it. Read-only: asked before it is kept, and again when it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.receipts.models import ReceiptList
from pooling.receipts.queries import delivered_of
from pooling.receipts.rules import SAME_DELIVERY, exceeds, excess_said
from pooling.web.typography import date_short, plural

_COUNTS = """
SELECT count(*) FILTER (WHERE problem = '') AS good, count(*) FILTER (WHERE problem <> '') AS bad,
    coalesce(sum(accepted) FILTER (WHERE problem = ''), 0)::bigint AS accepted,
    coalesce(sum(refused) FILTER (WHERE problem = ''), 0)::bigint AS refused,
    array_agg(DISTINCT order_id) FILTER (WHERE problem = '') AS orders
FROM receipt_list_lines WHERE group_id = $1 AND list_id = $2"""
_CAME = """
    came AS (
        SELECT x.order_line_id, sum(x.accepted)::bigint AS accepted
        FROM receipts r JOIN receipt_lines x ON x.group_id = r.group_id AND x.receipt_id = r.id
        WHERE r.group_id = $1 AND r.order_id = ANY ($3::bigint[]) AND r.withdrawn_at IS NULL
        GROUP BY x.order_line_id)"""
_MORE = f"""
WITH {_CAME},
brought AS (
    SELECT order_line_id, sum(accepted)::bigint AS accepted FROM receipt_list_lines
    WHERE group_id = $1 AND list_id = $2 AND problem = '' GROUP BY order_line_id)
SELECT l.order_id, l.item_id, sum(greatest(coalesce(c.accepted, 0) + b.accepted - l.quantity, 0)
    - greatest(coalesce(c.accepted, 0) - l.quantity, 0))::bigint AS more
FROM brought b JOIN order_lines l ON l.group_id = $1 AND l.id = b.order_line_id
LEFT JOIN came c ON c.order_line_id = b.order_line_id
GROUP BY l.order_id, l.item_id
HAVING sum(greatest(coalesce(c.accepted, 0) + b.accepted - l.quantity, 0)
    - greatest(coalesce(c.accepted, 0) - l.quantity, 0)) > 0"""  # noqa: S608 - ours
# The rule's `is_same`, of many lines at once: the folding of delivery notes is the plainest that finds the same ones.
_ALIKE = """
SELECT count(DISTINCT b.number) AS many FROM receipt_list_lines b
JOIN receipt_lines x ON x.group_id = b.group_id AND x.order_line_id = b.order_line_id
JOIN receipts r ON r.group_id = x.group_id AND r.id = x.receipt_id AND r.withdrawn_at IS NULL
WHERE b.group_id = $1 AND b.list_id = $2 AND b.problem = '' AND CASE
    WHEN b.delivery_note <> '' AND r.delivery_note <> '' THEN
        regexp_replace(lower(b.delivery_note), '[^a-z0-9]', '', 'g')
            = regexp_replace(lower(r.delivery_note), '[^a-z0-9]', '', 'g')
    ELSE b.accepted = x.accepted AND b.refused = x.refused AND abs(r.received_on - $3::date) <= $4 END"""
_EARLY = """
SELECT o.reference, (o.sent_at AT TIME ZONE g.timezone)::date AS sent FROM orders o JOIN groups g ON g.id = o.group_id
WHERE o.group_id = $1 AND o.id = ANY ($2::bigint[]) AND (o.sent_at AT TIME ZONE g.timezone)::date > $3::date
ORDER BY o.number LIMIT 1"""
NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Effects:
    good: int
    bad: int
    accepted: int
    refused: int
    orders: Sequence[int]
    doubts: Sequence[str]
    """They name nobody: the journal keeps them as they are told."""


async def doubts_about(session: AsyncSession, purchase_id: int, one: ReceiptList) -> Effects:  # noqa: ARG001 - as asked
    group = group_of(session)
    (counted,) = await fetch(session, _COUNTS, group, one.id)
    orders = sorted(counted["orders"] or ())
    doubts: list[str] = []
    for early in await fetch(session, _EARLY, group, orders, one.received_on):
        sent = date_short(early["sent"])
        doubts.append(f"La commande {early['reference']} n’est partie que le {sent} : vérifiez le jour de l’arrivée.")
    doubts += await _excess(session, one.id, orders)
    (alike,) = await fetch(session, _ALIKE, group, one.id, one.received_on, SAME_DELIVERY.days)
    if alike["many"]:
        doubts.append(f"{plural(alike['many'], 'ligne semble déjà notée', 'lignes semblent déjà notées')}.")
    return Effects(counted["good"], counted["bad"], counted["accepted"], counted["refused"], orders, doubts)


async def _excess(session: AsyncSession, list_id: int, orders: Sequence[int]) -> list[str]:
    rows = await fetch(session, _MORE, group_of(session), list_id, list(orders))
    if not rows:
        return []
    more = {(row["order_id"], row["item_id"]): row["more"] for row in rows}
    delivered = await delivered_of(session, {order_id for order_id, _ in more})
    found = []
    for order_id, one in delivered.items():
        for item in one.items:
            after = replace(item.arrived, over=item.arrived.over + more.get((order_id, item.item_id), 0))
            if exceeds(item.arrived, after):
                found.append(excess_said(item.name, item.unit, after))
    others = len(found) - NAMED_AT_MOST
    return [
        *found[:NAMED_AT_MOST],
        *([f"Et {plural(others, 'autre article', 'autres articles')}."] if others > 0 else []),
    ]

"""Keeping a list: its good lines become receipts, one for each order and delivery note, in one transaction."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.exports.kinds import Gathering
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_events
from pooling.members.entrance import caller_of
from pooling.needs.dealing import hashing
from pooling.purchases.finding import lock_purchase
from pooling.receipts.finishing import finish_purchase
from pooling.receipts.lists.effects import doubts_about
from pooling.receipts.lists.sending import lock_list
from pooling.receipts.models import ListState
from pooling.receipts.noting import RECEIVING
from pooling.web.typography import plural

_RECEIPTS = """
INSERT INTO receipts (
    group_id, order_id, received_on, delivery_note, note, noted_at, noted_by, token, list_id, withdrawn_because)
SELECT :group, order_id, :day, min(delivery_note), '', :at, :by, '', :list, ''
FROM receipt_list_lines WHERE group_id = :group AND list_id = :list AND problem = ''
GROUP BY order_id, lower(delivery_note) ORDER BY order_id"""
_LINES = """
INSERT INTO receipt_lines (group_id, receipt_id, order_line_id, accepted, refused, reason)
SELECT b.group_id, r.id, b.order_line_id, b.accepted, b.refused, b.reason
FROM receipt_list_lines b
JOIN receipts r ON r.group_id = b.group_id AND r.list_id = b.list_id AND r.order_id = b.order_id
    AND lower(r.delivery_note) = lower(b.delivery_note)
WHERE b.group_id = :group AND b.list_id = :list AND b.problem = ''"""
_KEPT = """
SELECT r.order_id, count(*) AS lines FROM receipts r
JOIN receipt_lines x ON x.group_id = r.group_id AND x.receipt_id = r.id
WHERE r.group_id = $1 AND r.list_id = $2 GROUP BY r.order_id"""
_LEFT = """
SELECT o.reference FROM orders o WHERE o.group_id = $1 AND o.id = ANY ($2::bigint[])
    AND o.state NOT IN ('sent', 'confirmed') ORDER BY o.number LIMIT 1"""


async def keep_list(work: Gathering) -> None:
    """Keeps what somebody let through; once it is kept, nothing more is to be done.

    Raises:
        Conflict: what it brings is no longer what was looked at; it is to be looked at again.
    """
    async with work.database.transaction(work.group_id) as session:
        refused = await _keep(session, work)
    if refused:
        raise Conflict(refused)


async def _keep(session: AsyncSession, work: Gathering) -> str:
    """Why it was not kept; empty once it is. The reason is told outside, so that the list goes back to be looked at."""
    purchase = await lock_purchase(session, work.terms["purchase"])
    one = await lock_list(session, purchase.id, work.terms["list"])
    if one.state != ListState.KEEPING:
        return ""
    found = await doubts_about(session, purchase.id, one)
    gone = await fetch(session, _LEFT, group_of(session), list(found.orders))
    if purchase.state not in RECEIVING or gone or list(found.doubts) != work.terms["doubts"]:
        one.state = ListState.READ
        return "Ce que ce fichier apporte a changé depuis que vous l’avez confirmé : regardez-le de nouveau."
    now = work.clock.now()
    values = {
        "group": work.group_id,
        "list": one.id,
        "day": one.received_on,
        "at": now,
        "by": one.sent_by,
    }
    async with hashing(session):
        await session.execute(text(_RECEIPTS), values)
        await session.execute(text(_LINES), values)
    kept = {row["order_id"]: row["lines"] for row in await fetch(session, _KEPT, work.group_id, one.id)}
    await record_events(
        session,
        at=now,
        person_id=one.sent_by,
        kind="order",
        name="receipt.listed",
        each={
            order_id: {"purchase_id": purchase.id, "list": one.name, "lines": plural(lines, "ligne")}
            for order_id, lines in kept.items()
        },
    )
    one.state, one.kept_at = ListState.KEPT, now
    assert one.sent_by is not None, "somebody sent it"
    caller = await caller_of(session, one.sent_by, work.group_id)
    await finish_purchase(session, caller, purchase, now)
    return ""

"""What receipts leave to do once the day that a supplier promised has come: noting what arrived, asking where it is."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import fetch, group_of
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.receipts.page import SECTION
from pooling.receipts.queries import CAME, COMPLETE
from pooling.web.typography import of_name

AWAITED = f"""
    awaited AS (
        SELECT orders.id, orders.purchase_id, orders.number, s.name AS supplier, p.reference AS purchase, p.title,
            coalesce(orders.promised_on, p.delivery_expected_on) AS day, g.timezone
        FROM orders
        JOIN purchases p ON p.group_id = orders.group_id AND p.id = orders.purchase_id
            AND p.state IN ('closed', 'ordered', 'delivered')
        JOIN suppliers s ON s.group_id = orders.group_id AND s.id = orders.supplier_id
        JOIN groups g ON g.id = orders.group_id
        WHERE orders.group_id = $1 AND orders.state IN ('sent', 'confirmed')
            AND coalesce(orders.promised_on, p.delivery_expected_on) <= ($2::timestamptz AT TIME ZONE g.timezone)::date
            AND NOT ({COMPLETE}))"""  # noqa: S608 - ours
"""Orders that are awaited and whose promised day has come (what the group expected, where the supplier said none)."""
_TO_NOTE = f"""
WITH {AWAITED}
SELECT a.*, m.code, m.name FROM awaited a
JOIN members m ON m.group_id = $1 AND m.id = ANY ($3::bigint[])
WHERE EXISTS (SELECT FROM order_lines l WHERE l.group_id = $1 AND l.order_id = a.id AND l.member_id = m.id
    AND l.quantity > {CAME})
ORDER BY a.day, a.id, m.sort_key, m.id"""  # noqa: S608 - ours
_TO_ASK = f"""
WITH {AWAITED}
SELECT a.* FROM awaited a WHERE a.purchase_id = ANY ($3::bigint[]) ORDER BY a.day, a.id"""  # noqa: S608 - ours


async def arrivals_to_note(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """For référents: what their members should have received by now."""
    members = caller.members_as(Role.REFERENT)
    rows = await fetch(session, _TO_NOTE, group_of(session), now, members) if members else []
    return [
        Task(
            f"Noter ce qui est arrivé de {row['supplier']}, part {of_name(row['name'])}",
            f"{row['purchase']} · {row['title']}",
            f"/achats/{row['purchase']}{SECTION}/{row['number']}/membres/{row['code']}",
            "Noter",
            **_due(row, now),
        )
        for row in rows
    ]


async def orders_to_ask_after(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """For lead buyers: orders whose promised day has come and of which something is due."""
    led = caller.purchases_led()
    rows = await fetch(session, _TO_ASK, group_of(session), now, led) if led else []
    return [
        Task(
            f"Savoir où en est la livraison de {row['supplier']}",
            f"{row['purchase']} · {row['title']}",
            f"/achats/{row['purchase']}{SECTION}/{row['number']}",
            "Voir ce qui manque",
            **_due(row, now),
        )
        for row in rows
    ]


def _due(row: Record, now: datetime) -> dict[str, Any]:
    """By the end of the day that was promised."""
    zone = ZoneInfo(row["timezone"])
    return {
        "due_on": row["day"],
        "due_at": datetime.combine(row["day"], time.max, tzinfo=zone),
        "state": "overdue" if row["day"] < now.astimezone(zone).date() else "due",
    }

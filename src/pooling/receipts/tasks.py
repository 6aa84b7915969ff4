"""What receipts leave to do once the day that a supplier promised has come: noting what arrived, asking where it is."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pooling.members.task import Task, TaskRows
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
JOIN members m ON m.group_id = $1 AND m.id = ANY ($4)
WHERE EXISTS (SELECT FROM order_lines l WHERE l.group_id = $1 AND l.order_id = a.id AND l.member_id = m.id
    AND l.quantity > {CAME})
ORDER BY a.day, a.id, m.sort_key, m.id"""  # noqa: S608 - ours
_TO_ASK = f"""
WITH {AWAITED}
SELECT a.* FROM awaited a WHERE a.purchase_id = ANY ($3) ORDER BY a.day, a.id"""  # noqa: S608 - ours


def _to_note(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    yield Task(
        f"Noter ce qui est arrivé de {row['supplier']}, part {of_name(row['name'])}",
        f"{row['purchase']} · {row['title']}",
        f"/achats/{row['purchase']}{SECTION}/{row['number']}/membres/{row['code']}",
        "Noter",
        **_due(row, now),
    )


def _to_ask(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    yield Task(
        f"Savoir où en est la livraison de {row['supplier']}",
        f"{row['purchase']} · {row['title']}",
        f"/achats/{row['purchase']}{SECTION}/{row['number']}",
        "Voir ce qui manque",
        **_due(row, now),
    )


def _due(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """By the end of the day that was promised."""
    zone, day = ZoneInfo(row["timezone"]), date.fromisoformat(row["day"])
    return {
        "due_on": day,
        "due_at": datetime.combine(day, time.max, tzinfo=zone),
        "state": "overdue" if day < now.astimezone(zone).date() else "due",
    }


ARRIVALS_TO_NOTE = TaskRows(_TO_NOTE, _to_note)
"""For référents: what their members should have received by now."""
ORDERS_TO_ASK_AFTER = TaskRows(_TO_ASK, _to_ask)
"""For lead buyers: orders whose promised day has come and of which something is due."""

"""What deliveries leave to do, for a référent: once something is assigned, and until the order leaves."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pooling.deliveries.page import SECTION
from pooling.members.task import Task, TaskRows
from pooling.web.typography import of_name

_TO_SAY = """
WITH frozen AS (
    SELECT DISTINCT ON (p.id) p.id, p.reference, p.title, c.id AS consolidation_id
    FROM purchases p
    JOIN collections k ON k.group_id = p.group_id AND k.purchase_id = p.id
    JOIN consolidations c ON c.group_id = p.group_id AND c.purchase_id = p.id AND c.frozen_at >= k.closed_at
    WHERE p.group_id = $1 AND p.state = 'closed'
    ORDER BY p.id, c.number DESC),
assigned AS (
    SELECT f.reference, f.title, a.member_id, a.item_id, a.quantity,
        (SELECT sum(s.quantity) FROM site_splits s
            WHERE s.group_id = $1 AND s.item_id = a.item_id AND s.member_id = a.member_id) AS said
    FROM frozen f JOIN assignments a ON a.group_id = $1 AND a.consolidation_id = f.consolidation_id
    JOIN participations t ON t.group_id = $1 AND t.purchase_id = f.id AND t.member_id = a.member_id
    WHERE a.member_id = ANY ($4) AND a.quantity > 0)
SELECT reference, title, m.code, m.name,
    bool_or(said IS DISTINCT FROM a.quantity)
        AND 1 < (SELECT count(*) FROM sites s
            WHERE s.group_id = $1 AND s.member_id = m.id AND s.archived_at IS NULL) AS to_divide,
    bool_or(CASE WHEN said IS NULL
        THEN NOT EXISTS (SELECT FROM sites s WHERE s.group_id = $1 AND s.member_id = m.id AND s.is_main
            AND s.street <> '' AND s.postcode <> '' AND s.city <> '')
        ELSE EXISTS (SELECT FROM site_splits x JOIN sites s ON s.group_id = $1 AND s.id = x.site_id
            WHERE x.group_id = $1 AND x.item_id = a.item_id AND x.member_id = a.member_id
                AND (s.street = '' OR s.postcode = '' OR s.city = '')) END) AS to_address
FROM assigned a JOIN members m ON m.group_id = $1 AND m.id = a.member_id
GROUP BY reference, title, m.group_id, m.id
ORDER BY reference, m.sort_key, m.id"""


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    context, path = f"{row['reference']} · {row['title']}", f"/achats/{row['reference']}{SECTION}/{row['code']}"
    name = of_name(row["name"])
    if row["to_address"]:
        yield Task(f"Compléter l’adresse de livraison {name}", context, path, "Compléter")
    if row["to_divide"]:
        yield Task(f"Répartir entre les sites {name} ce qui est attribué", context, path, "Répartir")


DELIVERIES_TO_SAY = TaskRows(_TO_SAY, _tasks)
"""Units that the rule divided among several sites; an address that is not whole."""

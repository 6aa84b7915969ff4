"""What orders leave to do, for a lead buyer: versions to send, promised dates to ask for. That drafts are to be sent is
said by the purchase's next step.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pooling.members.task import Task, TaskRows
from pooling.orders.page import SECTION
from pooling.web.typography import plural

_OPEN = """
SELECT p.reference, p.title, p.state,
    count(*) FILTER (WHERE v.sent_at IS NULL AND o.asked_at IS NULL) AS unsent,
    count(*) FILTER (WHERE o.state <> 'draft' AND o.promised_on IS NULL AND o.completed_at IS NULL) AS unpromised
FROM purchases p
JOIN orders o ON o.group_id = p.group_id AND o.purchase_id = p.id AND o.state <> 'cancelled'
JOIN order_versions v ON v.group_id = o.group_id AND v.order_id = o.id AND v.number = o.version
WHERE p.group_id = $1 AND p.id = ANY ($3) AND p.state IN ('closed', 'ordered')
    AND (v.sent_at IS NULL OR o.promised_on IS NULL)
GROUP BY p.id, p.reference, p.title, p.state ORDER BY p.id"""


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    context, path = f"{row['reference']} · {row['title']}", f"/achats/{row['reference']}{SECTION}"
    if row["unsent"] and row["state"] == "ordered":
        many = plural(row["unsent"], "commande qui n’est pas partie", "commandes qui ne sont pas parties")
        yield Task(f"Envoyer {many}", context, f"{path}/envoi", "Envoyer")
    if row["unpromised"]:
        sentence = f"Demander la date de livraison de {plural(row['unpromised'], 'commande')}"
        yield Task(sentence, context, path, "Voir les commandes")


ORDERS_TO_FOLLOW = TaskRows(_OPEN, _tasks)

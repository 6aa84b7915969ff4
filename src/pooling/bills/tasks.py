"""What bills leave to do: to check them, to link them, before they are due."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from pooling.bills.page import SECTION
from pooling.members.task import Task, TaskRows
from pooling.web.typography import plural

_OPEN = """
SELECT p.reference, p.title,
    count(*) FILTER (WHERE c.state = 'to_check') AS to_check,
    count(*) FILTER (WHERE c.state = 'disputed') AS disputed,
    count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM bill_orders x WHERE x.group_id = $1 AND x.bill_id = c.id) AND EXISTS (
        SELECT FROM orders o WHERE o.group_id = $1 AND o.purchase_id = p.id AND o.state IN ('sent', 'confirmed'))
    ) AS unlinked,
    min(c.due_on) AS due_on
FROM bills c JOIN purchases p ON p.group_id = $1 AND p.id = c.purchase_id
WHERE c.group_id = $1 AND c.state IN ('to_check', 'disputed') AND p.state NOT IN ('settled', 'cancelled')
    AND (p.id = ANY ($3) OR p.lead_member_id = ANY ($5) OR c.member_id = ANY ($5))
GROUP BY p.group_id, p.id ORDER BY p.reference"""


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    context, path = f"{row['reference']} · {row['title']}", f"/achats/{row['reference']}{SECTION}"
    due = date.fromisoformat(row["due_on"]) if row["due_on"] else None
    when: dict[str, Any] = {"due_at": datetime.combine(due, time(12), UTC), "due_on": due} if due else {}
    if row["to_check"]:
        sentence = f"Vérifier {plural(row['to_check'], 'facture de fournisseur', 'factures de fournisseurs')}"
        yield Task(sentence, context, path, "Vérifier", **when)
    if row["unlinked"]:
        sentence = f"Rattacher {plural(row['unlinked'], 'facture')} à sa commande"
        if row["unlinked"] > 1:
            sentence = f"Rattacher {plural(row['unlinked'], 'facture')} à leurs commandes"
        yield Task(sentence, context, path, "Rattacher")
    if row["disputed"]:
        sentence = f"Suivre {plural(row['disputed'], 'facture contestée', 'factures contestées')}"
        yield Task(sentence, context, path, "Voir les factures", **when)


BILLS_TO_DECIDE = TaskRows(_OPEN, _tasks)
"""For who decides on them: lead buyers, the finance of who pays."""

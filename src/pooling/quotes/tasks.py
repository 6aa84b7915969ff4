"""What quotes leave the lead buyer to do: reminding suppliers of the date, comparing what they sent."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pooling.members.task import Task, TaskRows

SOON = timedelta(days=3)
_ASKED = """
SELECT p.reference, p.title, c.offers_until, c.reminded_at IS NOT NULL AS reminded
FROM purchases p
JOIN consultations c ON c.group_id = p.group_id AND c.purchase_id = p.id
WHERE p.group_id = $1 AND p.id = ANY ($3) AND p.state = 'closed'
    AND NOT EXISTS (SELECT FROM awards a WHERE a.group_id = p.group_id AND a.purchase_id = p.id)
ORDER BY p.id"""


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    """Nothing here tells who answered: before the date that is nobody's to know."""
    context, path = f"{row['reference']} · {row['title']}", f"/achats/{row['reference']}/devis"
    until = datetime.fromisoformat(row["offers_until"])
    if until <= now:
        yield Task("Comparer les devis reçus", context, f"{path}/comparaison", "Comparer")
    elif not row["reminded"] and until <= now + SOON:
        yield Task("Rappeler la date aux fournisseurs", context, f"{path}/demandes", "Rappeler", due_at=until)


QUOTES_TO_GATHER = TaskRows(_ASKED, _tasks)

"""What essential data leave the lead buyer to do: publishing those of a contract before its date."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.members.features import features_for
from pooling.members.task import Task, TaskRows
from pooling.open_data.decp import due_on
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.web.typography import of_name

_NOTIFIED = """
SELECT p.reference, p.title, c.supplier_id, c.lot, c.notified_on, s.name AS supplier
FROM purchases p
JOIN contract_data c ON c.group_id = p.group_id AND c.purchase_id = p.id
JOIN suppliers s ON s.group_id = c.group_id AND s.id = c.supplier_id
WHERE p.group_id = $1 AND p.id = ANY ($3) AND p.state <> 'cancelled' AND c.published_on IS NULL
    AND c.worth_cents >= $8
ORDER BY c.notified_on, p.id, c.supplier_id, c.lot"""


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    due = due_on(date.fromisoformat(row["notified_on"]))
    yield Task(
        f"Publier les données essentielles du contrat {of_name(row['supplier'])}",
        f"{row['reference']} · {row['title']}",
        f"/achats/{row['reference']}/procedure/donnees",
        "Voir les données",
        due_at=datetime.combine(due, time(22), tzinfo=UTC),
        state="overdue" if due < now.date() else "due",
        due_on=due,
    )


def _least(session: AsyncSession, now: datetime) -> int:
    procurement = features_for(session).configurations.get(ProcurementConfiguration, ProcurementConfiguration())
    assert isinstance(procurement, ProcurementConfiguration)
    return procurement.data_from_on(now.date())


DATA_TO_PUBLISH = TaskRows(_NOTIFIED, _tasks, _least)

"""What the charter asks, once members are asked to sign: of a référent, to sign for its member."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pooling.members.task import Task, TaskRows
from pooling.web.typography import of_name

_TO_SIGN = """
SELECT c.sign_by, m.code, m.name, g.timezone
FROM charter_calls c
JOIN groups g ON g.id = c.group_id
JOIN members m ON m.group_id = c.group_id AND m.id = ANY ($4)
WHERE c.group_id = $1 AND m.retired_on IS NULL AND m.kind = 'legal_entity'
    AND NOT EXISTS (SELECT FROM charter_signatures s
        WHERE s.group_id = c.group_id AND s.member_id = m.id AND s.version = c.version AND s.withdrawn_at IS NULL)
ORDER BY m.sort_key, m.id
LIMIT 50"""


def _sign(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    day, zone = date.fromisoformat(row["sign_by"]), ZoneInfo(row["timezone"])
    yield Task(
        f"Signer la charte au nom {of_name(row['name'])}",
        "Charte d’engagement",
        f"/charte/signatures/{row['code']}",
        "Lire et signer",
        due_at=datetime.combine(day, time.max, tzinfo=zone),
        due_on=day,
        state="overdue" if day < now.astimezone(zone).date() else "due",
    )


TO_SIGN = TaskRows(_TO_SIGN, _sign)

"""What actions leave to do: those that a référent's member looks after and that end soon, or should be over."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pooling.actions.page import ACTIONS
from pooling.members.task import Task, TaskRows

SOON = 30
"""Days ahead of its end at which an action is a thing to do."""
_ENDING = f"""
SELECT a.reference, a.title, a.ends_on, g.timezone
FROM actions a
JOIN groups g ON g.id = a.group_id
WHERE a.group_id = $1 AND a.lead_member_id = ANY ($4) AND a.state IN ('prioritised', 'agreed', 'under_way')
    AND a.ends_on <= ($2 AT TIME ZONE g.timezone)::date + {SOON}
ORDER BY a.ends_on, a.id
LIMIT 20"""  # noqa: S608 - ours


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    day, zone = date.fromisoformat(row["ends_on"]), ZoneInfo(row["timezone"])
    late = day < now.astimezone(zone).date()
    yield Task(
        f"{'Dire où en est' if late else 'Mener à bien'} l’action : {row['title']}",
        row["reference"],
        f"{ACTIONS}/{row['reference']}",
        "Voir l’action",
        due_at=datetime.combine(day, time.max, tzinfo=zone),
        due_on=day,
        state="overdue" if late else "due",
    )


ENDING = TaskRows(_ENDING, _tasks)

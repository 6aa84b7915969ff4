"""What resources leave to do, for a référent: requests to answer, and use to note once an agreement is over."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pooling.members.task import Task, TaskRows
from pooling.resources.page import LENDINGS
from pooling.resources.words import units_words

_TO_DO = """
SELECT l.id, l.state, l.units, l.first_day, r.kind, r.title, m.name AS borrower, g.timezone
FROM lendings l
JOIN groups g ON g.id = l.group_id
JOIN resources r ON r.group_id = l.group_id AND r.id = l.resource_id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
WHERE l.group_id = $1 AND (
    l.state = 'asked' AND r.member_id = ANY ($4)
    OR l.state IN ('agreed', 'ended') AND (r.member_id = ANY ($4) OR l.member_id = ANY ($4))
        AND COALESCE(l.ended_on, l.last_day) >= l.first_day
        AND COALESCE(l.ended_on, l.last_day) < ($2 AT TIME ZONE g.timezone)::date
        AND NOT EXISTS (SELECT FROM lending_uses u WHERE u.group_id = l.group_id AND u.lending_id = l.id))
ORDER BY l.state = 'asked' DESC, l.first_day, l.id
LIMIT 50"""


def _tasks(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    path, day = f"{LENDINGS}/{row['id']}", date.fromisoformat(row["first_day"])
    what = units_words(row["kind"], row["units"])
    if row["state"] == "asked":
        yield Task(
            f"Répondre à la demande : {what}, {row['title']}, pour {row['borrower']}",
            "Ressources partagées",
            path,
            "Répondre",
            due_at=datetime.combine(day, time(), tzinfo=ZoneInfo(row["timezone"])),
            due_on=day,
        )
    else:
        sentence = f"Noter ce qui a servi : {what}, {row['title']}, pour {row['borrower']}"
        yield Task(sentence, "Ressources partagées", f"{path}/usage", "Noter l’usage")


LENDINGS_TO_SEE_TO = TaskRows(_TO_DO, _tasks)

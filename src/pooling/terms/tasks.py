"""What terms ask: an answer, of a référent; to prepare the purchase that was agreed on, of the facilitator."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pooling.actions.page import ACTIONS
from pooling.members.task import Task, TaskRows

_TO_ANSWER = """
SELECT a.reference, a.title, t.answer_by, m.code, m.name, g.timezone
FROM action_terms t
JOIN actions a ON a.group_id = t.group_id AND a.id = t.action_id
JOIN groups g ON g.id = t.group_id
JOIN members m ON m.group_id = t.group_id AND m.id = ANY ($4)
WHERE t.group_id = $1 AND t.answer_by IS NOT NULL AND a.state IN ('proposed', 'prioritised') AND m.retired_on IS NULL
    AND NOT EXISTS (SELECT FROM action_answers r
        WHERE r.group_id = t.group_id AND r.action_id = t.action_id AND r.member_id IN (m.id, m.parent_id))
    AND NOT EXISTS (SELECT FROM members u WHERE u.group_id = m.group_id AND u.parent_id = m.id AND u.retired_on IS NULL)
ORDER BY t.answer_by, a.id, m.sort_key, m.id
LIMIT 50"""


def _answer(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:
    day, zone = date.fromisoformat(row["answer_by"]), ZoneInfo(row["timezone"])
    yield Task(
        f"Dire si {row['name']} participe à cette action",
        f"{row['reference']} · {row['title']}",
        f"{ACTIONS}/{row['reference']}/modalites/reponses/{row['code']}",
        "Répondre",
        due_at=datetime.combine(day, time.max, tzinfo=zone),
        due_on=day,
        state="overdue" if day < now.astimezone(zone).date() else "due",
    )


ANSWERS_TO_GIVE = TaskRows(_TO_ANSWER, _answer)

_TO_BEGIN = """
SELECT a.reference, a.title FROM action_terms t
JOIN actions a ON a.group_id = t.group_id AND a.id = t.action_id
WHERE t.group_id = $1 AND $6 AND a.state = 'agreed' AND a.lead_member_id IS NOT NULL AND t.purchase_reference = ''
    AND EXISTS (SELECT FROM action_estimates e WHERE e.group_id = t.group_id AND e.action_id = t.action_id)
    AND EXISTS (SELECT FROM action_answers r
        WHERE r.group_id = t.group_id AND r.action_id = t.action_id AND r.position <> 'out')
ORDER BY a.id
LIMIT 20"""


def _begin(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    path = f"{ACTIONS}/{row['reference']}/modalites"
    yield Task("Préparer l’achat convenu", f"{row['reference']} · {row['title']}", path, "Préparer")


PURCHASES_TO_BEGIN = TaskRows(_TO_BEGIN, _begin)

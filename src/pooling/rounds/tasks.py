"""What rounds ask: to vote, of a référent; to have the result adopted, of the facilitator."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pooling.members.task import Task, TaskRows
from pooling.rounds.models import RoundState
from pooling.rounds.page import ROUNDS
from pooling.web.typography import of_name

# Of the caller's own members alone: nobody learns from it who else has voted.
_TO_VOTE = """
SELECT r.reference, r.title, c.closes_at, m.code, m.name
FROM round_voters v
JOIN rounds r ON r.group_id = v.group_id AND r.id = v.round_id
JOIN collections c ON c.group_id = v.group_id AND c.round_id = v.round_id
JOIN members m ON m.group_id = v.group_id AND m.id = v.member_id
WHERE v.group_id = $1 AND v.member_id = ANY ($4) AND c.state = 'open' AND c.closes_at > $2
    AND NOT EXISTS (SELECT FROM round_ballots b
        WHERE b.group_id = v.group_id AND b.round_id = v.round_id AND b.member_id = v.member_id)
ORDER BY c.closes_at, m.sort_key, m.id
LIMIT 50"""


def _task(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    yield Task(
        f"Voter au nom {of_name(row['name'])}",
        f"{row['reference']} · {row['title']}",
        f"{ROUNDS}/{row['reference']}/bulletins/{row['code']}",
        "Voter",
        due_at=datetime.fromisoformat(row["closes_at"]),
    )


BALLOTS_TO_FILE = TaskRows(_TO_VOTE, _task)


# Results that nobody has adopted yet, and rounds whose dates are past before they opened.
_TO_LEAD = """
SELECT r.reference, r.title, r.state FROM rounds r
WHERE r.group_id = $1 AND $6 AND (r.state = 'closed' OR (r.state = 'draft' AND r.closes_at <= $2))
ORDER BY r.id
LIMIT 20"""


def _lead(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    told, path = f"{row['reference']} · {row['title']}", f"{ROUNDS}/{row['reference']}"
    if row["state"] == RoundState.CLOSED:
        yield Task("Faire adopter le classement des actions", told, path, "Voir le classement")
    else:
        yield Task("Donner d’autres dates à un tour qui n’a pas ouvert", told, f"{path}/fiche", "Modifier")


ROUNDS_TO_LEAD = TaskRows(_TO_LEAD, _lead)

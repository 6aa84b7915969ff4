"""What files of subsidies leave to do: their deadlines of the next thirty days, and those that went by."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from pooling.grants.page import GRANTS
from pooling.grants.rules import Deadline
from pooling.members.task import Task, TaskRows

_SENTENCES: Mapping[str, str] = {
    Deadline.ANSWER: "Demander où en est la subvention",
    Deadline.JUSTIFY: "Justifier la subvention",
    Deadline.PAY: "Demander le versement de la subvention",
}
_AWAITED = """
SELECT g.id, g.title, g.funder, d.which, d.day FROM grants g
CROSS JOIN LATERAL (SELECT COALESCE(sum(p.cents), 0) AS cents FROM grant_payments p
    WHERE p.group_id = g.group_id AND p.grant_id = g.id) paid
CROSS JOIN LATERAL (VALUES
    ('answer', g.answer_by, g.granted_on IS NULL AND g.refused_on IS NULL),
    ('justify', g.justify_by, g.granted_on IS NOT NULL AND g.justified_on IS NULL),
    ('pay', g.pay_by, g.granted_on IS NOT NULL AND paid.cents < g.granted_cents)) d (which, day, awaited)
WHERE g.group_id = $1 AND d.awaited AND d.day <= ($2 + interval '30 days')::date
    AND (g.member_id = ANY ($5) OR (g.member_id IS NULL AND $6))
ORDER BY d.day, g.id, d.which"""


def _awaiting(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    due = date.fromisoformat(row["day"])
    at = datetime.combine(due, time(12), UTC)
    context = f"{row['title']} · {row['funder']}"
    yield Task(_SENTENCES[row["which"]], context, f"{GRANTS}/{row['id']}", "Voir le dossier", due_at=at, due_on=due)


DEADLINES_TO_MEET = TaskRows(_AWAITED, _awaiting)

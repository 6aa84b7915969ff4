"""What titres leave to do: to pay them before they are due, to remind those who are late."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from pooling.members.task import Task, TaskRows
from pooling.recovery.page import SECTION
from pooling.web.typography import plural

# A titre is open where those due until then, with it, are more than what was paid; reductions count first.
_OPEN = """
SELECT e.purchase_id, e.debtor_id, min(e.due_on) AS due_on FROM (
    SELECT purchase_id, debtor_id, creditor_id, due_on,
        sum(CASE kind WHEN 'titre' THEN cents WHEN 'reduction' THEN -cents ELSE 0 END) OVER (
            PARTITION BY purchase_id, debtor_id, creditor_id ORDER BY due_on NULLS FIRST, id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
        - sum(CASE kind WHEN 'payment' THEN cents WHEN 'reimbursement' THEN -cents ELSE 0 END) OVER (
            PARTITION BY purchase_id, debtor_id, creditor_id) AS unpaid
    FROM recovery_entries
    WHERE group_id = $1 AND {whose} = ANY ($5) AND withdrawn_at IS NULL) e
WHERE e.unpaid > 0 AND e.due_on <= {until} GROUP BY 1, 2"""
_TO_PAY = f"""
SELECT p.reference, m.code, m.name, o.due_on, o.due_on < $2::date AS late
FROM ({_OPEN.format(whose="debtor_id", until="($2 + interval '14 days')::date")}) o
JOIN purchases p ON p.group_id = $1 AND p.id = o.purchase_id
JOIN members m ON m.group_id = $1 AND m.id = o.debtor_id
ORDER BY o.due_on, p.reference, m.code"""  # noqa: S608 - ours
_TO_REMIND = f"""
SELECT p.reference, p.title, count(*) AS late, min(o.due_on) AS due_on
FROM ({_OPEN.format(whose="creditor_id", until="$2::date - 1")}) o
JOIN purchases p ON p.group_id = $1 AND p.id = o.purchase_id
GROUP BY p.group_id, p.id ORDER BY p.reference"""  # noqa: S608 - ours


def _when(row: Mapping[str, Any]) -> dict[str, Any]:
    due = date.fromisoformat(row["due_on"])
    return {"due_at": datetime.combine(due, time(12), UTC), "due_on": due}


def _paying(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    sentence = "Payer le titre de recettes, échu" if row["late"] else "Payer le titre de recettes"
    path = f"/achats/{row['reference']}{SECTION}/{row['code']}"
    yield Task(sentence, f"{row['reference']} · {row['name']}", path, "Voir", **_when(row))


def _reminding(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001
    sentence = f"Relancer {plural(row['late'], 'membre')} en retard de paiement"
    path = f"/achats/{row['reference']}{SECTION}"
    yield Task(sentence, f"{row['reference']} · {row['title']}", path, "Voir", **_when(row))


TITRES_TO_PAY = TaskRows(_TO_PAY, _paying)
"""For the debtor's finance, from two weeks before."""
LATE_TO_REMIND = TaskRows(_TO_REMIND, _reminding)
"""For the creditor's finance."""

"""What titres leave to do: to issue them, to pay them before they are due, to remind those who are late."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.configuration import FinanceConfiguration
from pooling.members.features import features_for
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
WHERE NOT EXISTS (
    SELECT FROM recovery_entries r
    WHERE r.group_id = $1 AND r.purchase_id = o.purchase_id AND r.debtor_id = o.debtor_id AND r.creditor_id = ANY ($5)
        AND r.kind = 'reminder' AND r.withdrawn_at IS NULL AND r.dated_on > $2::date - 15)
GROUP BY p.group_id, p.id ORDER BY p.reference"""  # noqa: S608 - ours

# By the latest version of each purchase, beside what was issued; codes of members that became others are theirs.
_TO_ISSUE = """
SELECT p.reference, p.title, count(*) FILTER (WHERE a.lacking >= $8) AS to_issue,
    count(*) FILTER (WHERE a.lacking < 0 AND a.issued > 0) AS to_reduce,
    count(*) FILTER (WHERE a.paid > a.owed) AS overpaid
FROM (
    SELECT purchase_id, sum(owed) AS owed, sum(issued) AS issued, sum(paid) AS paid, sum(owed) - sum(issued) AS lacking
    FROM (
        SELECT r.purchase_id, COALESCE(d.merged_into_id, d.id) AS debtor, COALESCE(c.merged_into_id, c.id) AS creditor,
            t.cents AS owed, 0 AS issued, 0 AS paid
        FROM (
            SELECT DISTINCT ON (purchase_id) id, purchase_id FROM allocations
            WHERE group_id = $1 ORDER BY purchase_id, number DESC
        ) r
        JOIN members c ON c.group_id = $1 AND COALESCE(c.merged_into_id, c.id) = ANY ($5)
        JOIN allocation_debts t ON t.group_id = $1 AND t.allocation_id = r.id AND t.creditor = c.code
        JOIN members d ON d.group_id = $1 AND d.code = t.debtor
        UNION ALL
        SELECT purchase_id, debtor_id, creditor_id, 0,
            CASE kind WHEN 'titre' THEN cents WHEN 'reduction' THEN -cents ELSE 0 END,
            CASE kind WHEN 'payment' THEN cents WHEN 'reimbursement' THEN -cents ELSE 0 END
        FROM recovery_entries WHERE group_id = $1 AND creditor_id = ANY ($5) AND withdrawn_at IS NULL
    ) parts
    WHERE debtor <> creditor GROUP BY purchase_id, debtor, creditor
) a
JOIN purchases p ON p.group_id = $1 AND p.id = a.purchase_id
WHERE p.state <> 'cancelled' AND (a.lacking >= $8 OR (a.lacking < 0 AND a.issued > 0) OR a.paid > a.owed)
GROUP BY p.group_id, p.id ORDER BY p.reference"""


def _when(row: Mapping[str, Any]) -> dict[str, Any]:
    due = date.fromisoformat(row["due_on"])
    return {"due_at": datetime.combine(due, time(12), UTC), "due_on": due}


def _paying(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001 - as the others
    sentence = "Payer le titre de recettes, échu" if row["late"] else "Payer le titre de recettes"
    path = f"/achats/{row['reference']}{SECTION}/{row['code']}"
    yield Task(sentence, f"{row['reference']} · {row['name']}", path, "Voir le titre", **_when(row))


def _reminding(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001
    sentence = f"Relancer {plural(row['late'], 'membre')} en retard de paiement"
    path = f"/achats/{row['reference']}{SECTION}"
    yield Task(sentence, f"{row['reference']} · {row['title']}", path, "Voir les titres", **_when(row))


def _issuing(row: Mapping[str, Any], now: datetime) -> Iterator[Task]:  # noqa: ARG001
    context, path = f"{row['reference']} · {row['title']}", f"/achats/{row['reference']}{SECTION}"
    if row["to_issue"]:
        sentence = f"Émettre {plural(row['to_issue'], 'titre de recettes', 'titres de recettes')}"
        yield Task(sentence, context, path, "Voir les titres")
    if row["to_reduce"]:
        sentence = f"Réduire {plural(row['to_reduce'], 'titre de recettes', 'titres de recettes')}"
        yield Task(sentence, context, path, "Voir les titres")
    if row["overpaid"]:
        sentence = f"Rembourser {plural(row['overpaid'], 'trop-perçu', 'trop-perçus')}"
        yield Task(sentence, context, path, "Voir les titres")


def _smallest(session: AsyncSession, now: datetime) -> int:
    finance = features_for(session).configurations.get(FinanceConfiguration, FinanceConfiguration())
    assert isinstance(finance, FinanceConfiguration)
    return max(finance.smallest_titre_on(now.date()), 1)


TITRES_TO_ISSUE = TaskRows(_TO_ISSUE, _issuing, _smallest)
"""For the creditor's finance."""
TITRES_TO_PAY = TaskRows(_TO_PAY, _paying)
"""For the debtor's finance, from two weeks before."""
LATE_TO_REMIND = TaskRows(_TO_REMIND, _reminding)
"""For the creditor's finance; again two weeks after a reminder was noted."""

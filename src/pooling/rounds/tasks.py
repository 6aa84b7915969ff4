"""What rounds ask: to vote, of a référent; to have the result adopted, of the facilitator."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.members.rights import Caller
from pooling.members.task import Task, TaskRows
from pooling.rounds.models import Round, RoundState
from pooling.rounds.page import ROUNDS
from pooling.rounds.permissions import may_lead
from pooling.web.typography import of_name

_MOST = 20
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


async def rounds_to_lead(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """Results that nobody has adopted yet, and rounds whose dates are past before they opened. One statement."""
    if not may_lead(caller):
        return []
    rows = await session.execute(
        select(col(Round.reference), col(Round.title), col(Round.state))
        .where(
            (col(Round.state) == RoundState.CLOSED)
            | ((col(Round.state) == RoundState.DRAFT) & (col(Round.closes_at) <= now))
        )
        .order_by(col(Round.id))
        .limit(_MOST)
    )
    return [
        Task("Faire adopter le classement des actions", f"{reference} · {title}", f"{ROUNDS}/{reference}", "Voir")
        if state == RoundState.CLOSED
        else Task(
            "Donner d’autres dates à un tour qui n’a pas ouvert",
            f"{reference} · {title}",
            f"{ROUNDS}/{reference}/fiche",
            "Modifier",
        )
        for reference, title, state in rows
    ]

"""What earlier committees decided and is still open, on the agenda of the next."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.models import Committee, Topic
from pooling.kernel.tables import linked
from pooling.members.agenda import AgendaSource, Meeting, Suggestion, TakenUp, shortened
from pooling.web.typography import date_short, plural

MOST_DECISIONS = 10
"""Shown under one item; their board has them all."""


def follow_up(decisions: int, overdue: int) -> list[Suggestion]:
    """One item for so many open decisions, so many of them past their date."""
    if not decisions:
        return []
    late = f", dont {overdue} en retard" if overdue else ""
    reason = f"{plural(decisions, 'décision ouverte', 'décisions ouvertes')}{late}"
    return [Suggestion(Topic.FOLLOW_UP, "Suivi des décisions", reason, duration_minutes=15)]


async def _suggest(session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:
    overdue = func.count().filter(col(Decision.due_on) < now.astimezone(meeting.zone).date())
    counts = await session.execute(
        select(func.count(), overdue).where(
            col(Decision.state) == DecisionState.OPEN, col(Decision.committee_id) != meeting.id
        )
    )
    return follow_up(*counts.one())


async def _tell(
    session: AsyncSession, meeting: Meeting, items: Sequence[TakenUp], now: datetime
) -> Mapping[int, tuple[str, ...]]:
    """The open decisions of other committees, those overdue first."""
    today = now.astimezone(meeting.zone).date()
    rows = await session.execute(
        select(col(Decision.number), col(Decision.content), col(Decision.due_on), col(Committee.local_start))
        .join(Committee, linked(Committee.id, Decision.committee_id))
        .where(col(Decision.state) == DecisionState.OPEN, col(Decision.committee_id) != meeting.id)
        .order_by(col(Decision.due_on).nulls_last(), col(Decision.id))
        .limit(MOST_DECISIONS + 1)
    )
    lines = [
        f"{shortened(content)} ({_due(due_on, today)}décision n° {number} du {date_short(local_start.date())})"
        for number, content, due_on, local_start in rows
    ]
    more = ["et d’autres, dans le suivi des décisions"] * (len(lines) > MOST_DECISIONS)
    said = (*lines[:MOST_DECISIONS], *more) or ("Aucune décision n’est en attente.",)
    return {item.id: said for item in items}


def _due(due_on: date | None, today: date) -> str:
    if due_on is None:
        return ""
    return f"en retard depuis le {date_short(due_on)}, " if due_on < today else f"pour le {date_short(due_on)}, "


DECISIONS = AgendaSource((Topic.FOLLOW_UP,), _suggest, _tell, left_over=True)

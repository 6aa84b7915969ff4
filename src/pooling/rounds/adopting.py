"""Adopting what a round came to: its actions take their rank."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.actions.ranking import rank_actions
from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.members.rights import Caller
from pooling.rounds.finding import lock_round
from pooling.rounds.models import Round, RoundState
from pooling.rounds.permissions import may_lead
from pooling.rounds.queries import result_of
from pooling.rounds.rules import ROUND


async def adopt_round(
    session: AsyncSession, caller: Caller, reference: str, clock: Clock, *, reason: str = ""
) -> Round:
    """Ranks the actions that somebody chose, and moves those that are proposed to `prioritised`. A rank that another
    round gave counts no more.

    Raises:
        Forbidden: the caller neither facilitates the group nor carries a decision out.
        NotFound: there is no such round.
        Conflict: it has not closed, or is adopted already.
    """
    may_lead.require(caller)
    found = await lock_round(session, reference)
    now: datetime = clock.now()
    ROUND.move(session, found, RoundState.ADOPTED, at=now, person_id=caller.person_id, reason=reason)
    await session.flush()
    result = await result_of(session, found)
    assert result is not None, "it has closed"
    ranks = {line.id: line.ranked.rank for line in result.lines if line.ranked.rank is not None}
    await fetch(
        session,
        "UPDATE round_actions a SET rank = g.rank FROM unnest($3::bigint[], $4::integer[]) g(action_id, rank) "
        "WHERE a.group_id = $1 AND a.round_id = $2 AND a.action_id = g.action_id",
        group_of(session),
        found.id,
        list(ranks),
        list(ranks.values()),
    )
    await rank_actions(session, ranks, now, caller.person_id, reason=reason, details={"round_id": found.id})
    return found

"""What becomes of the committees' affairs when a member leaves the group."""

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.models import Difficulty, DifficultyState
from pooling.kernel.tables import any_of, linked
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member, Membership
from pooling.web.typography import plural


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    """Seats are the people's: the sweep takes off whoever holds no role any more."""
    raised = select(func.count()).where(
        col(Difficulty.member_id) == member.id, col(Difficulty.state) == DifficultyState.RAISED
    )
    own, other = aliased(Membership), aliased(Membership)
    alone = exists().where(
        linked(own.group_id, Decision.group_id),
        col(own.person_id) == col(Decision.owner_id),
        col(own.member_id) == member.id,
        col(own.ended_at).is_(None),
    )
    elsewhere = exists().where(
        linked(other.group_id, Decision.group_id),
        col(other.person_id) == col(Decision.owner_id),
        col(other.member_id).is_distinct_from(member.id),
        col(other.ended_at).is_(None),
    )
    orphaned = select(func.count()).where(col(Decision.state) == DecisionState.OPEN, alone, ~elsewhere)
    counted = await session.execute(select(raised.scalar_subquery(), orphaned.scalar_subquery()))
    difficulties, decisions = counted.one()
    found = []
    if difficulties:
        said = plural(difficulties, "difficulté qu’il a signalée reste", "difficultés qu’il a signalées restent")
        said += " à l’ordre du jour."
        found.append(Tie(said, label="Voir les difficultés", path="/comites/difficultes"))
    if decisions:
        said = (
            f"{plural(decisions, 'décision ouverte n’a plus', 'décisions ouvertes n’ont plus')} de responsable dans le "
            "groupe : confiez-les à quelqu’un d’autre."
        )
        found.append(Tie(said, label="Voir les décisions", path="/comites/decisions"))
    return found


async def _merge(session: AsyncSession, merging: Merging) -> None:
    """What they struggle with is the new one's."""
    await session.execute(
        update(Difficulty)
        .where(any_of(col(Difficulty.member_id), merging.ids), col(Difficulty.state) == DifficultyState.RAISED)
        .values(member_id=merging.becomes.id)
        .execution_options(synchronize_session=False)
    )


DEPARTURE = Departure(ties=_ties, merge=_merge)

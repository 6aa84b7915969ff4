"""A member that leaves votes no more in what is open; members that become one have one vote together. What has closed
keeps them as they were.
"""

from collections.abc import Sequence

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import take_locks
from pooling.kernel.database import fetch, group_of
from pooling.kernel.tables import any_of, linked
from pooling.members.departures import Departure, Leaving, Merging, Tie
from pooling.members.models import Member
from pooling.rounds.models import Round, RoundState, RoundVoter
from pooling.web.typography import plural

_IS_OPEN = col(Round.state) == RoundState.OPEN


async def _lock(session: AsyncSession, members: Sequence[int]) -> None:
    """Nobody votes or closes meanwhile."""
    await take_locks(session, [("round", round_id) for round_id in await _open_for(session, members)])


async def _open_for(session: AsyncSession, members: Sequence[int]) -> list[int]:
    rows = await session.execute(
        select(col(Round.id))
        .join(RoundVoter, linked(RoundVoter.round_id, Round.id))
        .where(_IS_OPEN, any_of(col(RoundVoter.member_id), members))
        .distinct()
    )
    return list(rows.scalars())


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    count = len(await _open_for(session, [member.id]))
    if not count:
        return []
    said = f"Il n’a plus de voix dans {plural(count, 'tour de priorisation ouvert', 'tours de priorisation ouverts')}."
    return [Tie(said, label="Tours de priorisation", path="/actions/tours")]


async def _leave(session: AsyncSession, leaving: Leaving) -> None:
    await _drop(session, [leaving.member.id])


async def _drop(session: AsyncSession, members: Sequence[int]) -> None:
    """With their ballots."""
    is_open = exists().where(linked(Round.id, RoundVoter.round_id), _IS_OPEN)
    await session.execute(
        delete(RoundVoter)
        .where(any_of(col(RoundVoter.member_id), members), is_open)
        .execution_options(synchronize_session=False)
    )


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    count = len(await _open_for(session, [one.id for one in members if becomes is None or one.id != becomes.id]))
    if not count:
        return []
    rounds = plural(count, "tour de priorisation ouvert", "tours de priorisation ouverts")
    return [Tie(f"Dans {rounds}, ils n’ont plus qu’une voix : le bulletin de leur réunion est à déposer.")]


_UNITE = """
INSERT INTO round_voters (group_id, round_id, member_id, weight)
SELECT v.group_id, v.round_id, $2, CASE r.weighting WHEN 'member' THEN 1 ELSE sum(v.weight) END
FROM round_voters v JOIN rounds r ON r.group_id = v.group_id AND r.id = v.round_id
WHERE v.group_id = $1 AND r.state = 'open' AND v.member_id = ANY ($3)
GROUP BY v.group_id, v.round_id, r.weighting
ON CONFLICT (group_id, round_id, member_id) DO UPDATE SET weight = EXCLUDED.weight"""


async def _merge(session: AsyncSession, merging: Merging) -> None:
    """What they weigh is added; a ballot that the one they become has filed stands, the others’ do not."""
    everybody = [*merging.ids, merging.becomes.id]
    await fetch(session, _UNITE, group_of(session), merging.becomes.id, everybody)
    await _drop(session, [one for one in merging.ids if one != merging.becomes.id])


DEPARTURE = Departure(ties=_ties, lock=_lock, leave=_leave, merge_ties=_merge_ties, merge=_merge)

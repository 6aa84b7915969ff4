"""A member that leaves looks after no action any more; members that become one look after theirs as that one."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.actions.rules import OVER
from pooling.kernel.tables import any_of
from pooling.members.departures import Departure, Leaving, Merging, Tie
from pooling.members.models import Member
from pooling.web.typography import plural


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    statement = select(func.count()).where(
        col(Action.lead_member_id) == member.id, col(Action.state).not_in([str(state) for state in OVER])
    )
    count = (await session.execute(statement)).scalar_one()
    if not count:
        return []
    said = f"{plural(count, 'action qu’il pilote n’aura', 'actions qu’il pilote n’auront')} plus de pilote."
    return [Tie(said, label="Actions", path="/actions")]


async def _leave(session: AsyncSession, leaving: Leaving) -> None:
    """What is done stays its own."""
    await session.execute(
        update(Action)
        .where(
            col(Action.lead_member_id) == leaving.member.id, col(Action.state).not_in([str(state) for state in OVER])
        )
        .values(lead_member_id=None)
    )


async def _merge(session: AsyncSession, merging: Merging) -> None:
    await session.execute(
        update(Action).where(any_of(col(Action.lead_member_id), merging.ids)).values(lead_member_id=merging.becomes.id)
    )


DEPARTURE = Departure(ties=_ties, leave=_leave, merge=_merge)

"""What rounds leave to be done by somebody who leaves, and until when."""

from datetime import datetime

from sqlalchemy import not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.collections.models import Collection, CollectionState
from pooling.collections.queries import under_way
from pooling.kernel.tables import linked
from pooling.members.models import Role
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller
from pooling.rounds.models import Round, RoundState, RoundVoter
from pooling.rounds.queries import has_voted, turnout_known
from pooling.web.typography import deadline_words


async def rounds_ahead(session: AsyncSession, now: datetime) -> list[tuple[datetime, str]]:
    """When open rounds close, and when those in preparation open."""
    closing = await session.execute(
        select(col(Collection.closes_at), col(Round.reference))
        .join(Round, linked(Round.id, Collection.round_id))
        .where(col(Collection.state) == CollectionState.OPEN)
    )
    opening = await session.execute(
        select(col(Round.opens_at), col(Round.reference)).where(
            col(Round.state) == RoundState.DRAFT, col(Round.opens_at) > now
        )
    )
    return [
        *((at, f"clôture du tour {reference}") for at, reference in closing),
        *((at, f"ouverture du tour {reference}") for at, reference in opening if at is not None),
    ]


async def votes_unfinished(
    session: AsyncSession,
    caller: Caller,  # noqa: ARG001 - as the others
    group: EnteredGroup,
    person: PersonShown,  # noqa: ARG001 - as the others
    role: RoleShown,
    now: datetime,
) -> list[str]:
    """One sentence for each open round in which the member still may vote; where it is not known who has, whether or
    not it did.
    """
    if role.role != Role.REFERENT or role.member_id is None:
        return []
    rows = await session.execute(
        select(col(Round.title), col(Collection.closes_at))
        .select_from(RoundVoter)
        .join(Round, linked(Round.id, RoundVoter.round_id))
        .join(Collection, linked(Collection.round_id, Round.id))
        .where(
            col(RoundVoter.member_id) == role.member_id,
            *under_way(now),
            or_(not_(turnout_known()), not_(has_voted())),
        )
        .order_by(col(Collection.closes_at))
    )
    return [
        f"Le vote « {title} » est ouvert {deadline_words(closes_at, now, group.zone)} : quelqu’un doit pouvoir voter."
        for title, closes_at in rows
    ]

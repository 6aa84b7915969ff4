"""Results of rounds, put on the agenda of the next committee by themselves: once on each, so that one that was taken
off an agenda stays off it; and again on the next one, until a decision has adopted it.
"""

from sqlalchemy import Text, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.taking_up import add_proposals
from pooling.committees.models import AgendaItem, Committee
from pooling.committees.rules import TO_COME
from pooling.kernel.clock import Clock
from pooling.kernel.events import Event, record_event
from pooling.kernel.tables import any_of
from pooling.rounds.agenda import suggestion_of
from pooling.rounds.models import Round, RoundState

PUT_ON_AGENDA = "round.put_on_agenda"


async def put_results_on_agenda(session: AsyncSession, clock: Clock) -> int:
    """The sweep's part; returns how many items were added. A committee that somebody works on at this moment is left to
    the next sweep, a minute later.
    """
    now = clock.now()
    following = (
        select(Committee)
        .where(any_of(col(Committee.state), [str(state) for state in TO_COME]), col(Committee.starts_at) > now)
        .order_by(col(Committee.starts_at), col(Committee.id))
        .limit(1)
    ).subquery()
    told = exists().where(
        col(Event.group_id) == col(Round.group_id),
        col(Event.subject_kind) == "round",
        col(Event.subject_id) == col(Round.id),
        col(Event.name) == PUT_ON_AGENDA,
        col(Event.details)["committee_id"].astext == cast(following.c.id, Text),
    )
    rows = await session.execute(
        select(Round, following.c.id)
        .join(following, following.c.group_id == col(Round.group_id))
        .where(col(Round.state) == RoundState.CLOSED, ~told)
        .order_by(col(Round.id))
    )
    waiting = rows.all()
    if not waiting:
        return 0
    locked = await session.execute(
        select(Committee)
        .where(col(Committee.id) == waiting[0][1])
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    committee = locked.scalar_one_or_none()
    if committee is None or committee.state not in TO_COME:
        return 0
    added = await add_proposals(session, committee, now, keys={suggestion_of(found).key for found, _ in waiting})
    present = await session.execute(
        select(func.distinct(col(AgendaItem.round_id))).where(
            col(AgendaItem.committee_id) == committee.id, col(AgendaItem.round_id).is_not(None)
        )
    )
    on_it = set(present.scalars())
    for found, _ in waiting:
        if found.id in on_it:  # an agenda that is full takes it once there is room
            record_event(
                session,
                at=now,
                person_id=None,
                subject=("round", found.id),
                name=PUT_ON_AGENDA,
                details={"committee_id": committee.id},
            )
    return added

"""What committees have to do with an action, on its page: decisions, difficulties, agendas that it is on."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.page import ActionPage
from pooling.actions.rules import OVER
from pooling.committees.agendas.difficulty_queries import difficulties_about
from pooling.committees.decisions.queries import decisions_about
from pooling.committees.models import AgendaItem, Committee
from pooling.committees.rules import TO_COME
from pooling.kernel.tables import linked
from pooling.members.features import Part
from pooling.members.rights import Right

MOST_COMMITTEES = 10


async def committees_part(here: ActionPage) -> Part:
    about = ("action", here.action.id)
    spoken_of, following = await _agendas(here.session, here.action.id), None
    if here.caller.may(Right.MANAGE_COMMITTEES) and here.action.state not in OVER:
        following = await _next(here)
    return Part(
        "committees/action_part.html",
        {
            "decisions": await decisions_about(here.session, here.caller, about),
            "difficulties": await difficulties_about(here.session, about),
            "committees": spoken_of,
            "next": following if following and following.id not in {one.id for one in spoken_of} else None,
        },
    )


async def _agendas(session: AsyncSession, action_id: int) -> list[Committee]:
    """The latest committees whose agenda has it."""
    on_agenda = select(col(AgendaItem.id)).where(
        linked(AgendaItem.committee_id, Committee.id), col(AgendaItem.action_id) == action_id
    )
    rows = await session.execute(
        select(Committee).where(on_agenda.exists()).order_by(col(Committee.starts_at).desc()).limit(MOST_COMMITTEES)
    )
    return list(rows.scalars())


async def _next(here: ActionPage) -> Committee | None:
    """The committee that comes next, whose agenda is still written."""
    rows = await here.session.execute(
        select(Committee)
        .where(col(Committee.state).in_(TO_COME), col(Committee.starts_at) > here.now)
        .order_by(col(Committee.starts_at), col(Committee.id))
        .limit(1)
    )
    return rows.scalar_one_or_none()

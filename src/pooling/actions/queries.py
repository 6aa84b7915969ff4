"""Reads of the group's actions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionFactor, ActionState
from pooling.actions.rules import EASE_ORDER, OVER
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, folded_column, linked
from pooling.kernel.text import folded_words
from pooling.members.models import Member

OFFERED = 100
"""Actions that a list to choose from holds."""
LEADS_OFFERED = 300
"""Members that a list to choose from holds at most."""
_LATEST = Order(col(Action.id), latest_first=True)


@dataclass(frozen=True)
class ActionShown:
    id: int
    reference: str
    title: str
    system: str
    state: str
    rank: int | None
    lead: str | None
    """The name of the member that looks after it."""
    starts_on: date | None
    ends_on: date | None


def _shown() -> tuple[object, ...]:
    return (
        *(getattr(Action, name) for name in ("id", "reference", "title", "system", "state", "rank")),
        col(Member.name),
        col(Action.starts_on),
        col(Action.ends_on),
    )


async def actions_listed(
    session: AsyncSession, wanted: Slice, *, search: str = "", states: Collection[str] = ()
) -> Listed[ActionShown]:
    """The latest first: those whose reference or title has every word searched, in these states if any is named."""
    known = folded_column(col(Action.title) + " " + col(Action.reference))
    statement = (
        select(*_shown())  # type: ignore[call-overload]
        .outerjoin(Member, linked(Member.id, Action.lead_member_id))
        .where(*(known.contains(word, autoescape=True) for word in folded_words(search)))
    )
    if states:
        statement = statement.where(any_of(col(Action.state), list(states)))
    return (await _LATEST.read(session, statement, wanted)).each(lambda row: ActionShown(*row[:9]))


async def actions_offered(session: AsyncSession, chosen: str = "") -> list[tuple[str, str]]:
    """The latest to choose from that are not over, and before them the one chosen."""
    is_chosen = col(Action.reference) == chosen
    rows = await session.execute(
        select(col(Action.reference), col(Action.title))
        .where(or_(col(Action.state).not_in(OVER), is_chosen))
        .order_by(is_chosen.desc(), col(Action.id).desc())
        .limit(OFFERED)
    )
    return [(reference, f"{reference} · {title}") for reference, title in rows]


async def counted_by_state(session: AsyncSession) -> dict[ActionState, int]:
    rows = await session.execute(select(col(Action.state), func.count()).group_by(col(Action.state)))
    found = {state: count for state, count in rows}
    return {state: found.get(state, 0) for state in ActionState}


async def factors_of(session: AsyncSession, action_id: int) -> Sequence[ActionFactor]:
    """Obstacles and opportunities, the easiest first, then as they were written."""
    rows = await session.execute(select(ActionFactor).where(col(ActionFactor.action_id) == action_id))
    return sorted(rows.scalars(), key=lambda one: (one.kind, EASE_ORDER.index(one.ease), one.id))


async def lead_of(session: AsyncSession, action: Action) -> Member | None:
    """The member that looks after it."""
    if action.lead_member_id is None:
        return None
    return await session.get(Member, (action.group_id, action.lead_member_id))


async def member_named(session: AsyncSession, code: str) -> int | None:
    """The id of the member of this code, unless it has left."""
    statement = select(col(Member.id)).where(col(Member.code) == code, col(Member.retired_on).is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def leads_offered(session: AsyncSession) -> list[tuple[str, str]]:
    """Members to choose from, by name; of a group that has more than a list holds, none: one types its code."""
    statement = (
        select(col(Member.code), col(Member.name))
        .where(col(Member.retired_on).is_(None))
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(LEADS_OFFERED + 1)
    )
    found = [(code, name) for code, name in await session.execute(statement)]
    return found if len(found) <= LEADS_OFFERED else []

"""The rank that a group gives to its actions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionState
from pooling.actions.rules import ACTION
from pooling.kernel.tables import any_of


async def rank_actions(
    session: AsyncSession,
    ranks: Mapping[int, int],
    now: datetime,
    person_id: int | None,
    *,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Gives these ranks by the ids of actions, and no other one has any; those that are proposed are prioritised by it.
    For whoever has adopted them, under a lock of its own.
    """
    await session.execute(
        update(Action)
        .where(col(Action.rank).is_not(None), ~any_of(col(Action.id), list(ranks)))
        .values(rank=None)
        .execution_options(synchronize_session=False)
    )
    found = await session.execute(
        select(Action)
        .where(any_of(col(Action.id), list(ranks)))
        .order_by(col(Action.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for action in found.scalars():
        action.rank = ranks[action.id]
        if action.state == ActionState.PROPOSED:
            said = {**(details or {}), "rank": action.rank}
            ACTION.move(
                session,
                action,
                ActionState.PRIORITISED,
                at=now,
                person_id=person_id,
                reason=reason or None,
                details=said,
            )
    await session.flush()

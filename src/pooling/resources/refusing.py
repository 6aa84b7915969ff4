"""Requests that come to nothing because of something else: the resource is withdrawn, a member leaves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of
from pooling.resources.models import LENDING, Lending, LendingState
from pooling.resources.notices import tell_answered


def named_in_events(lending: Lending) -> dict[str, int]:
    """What sentences of the journal name."""
    return {"resource_id": lending.resource_id, "member_id": lending.member_id}


async def refuse_all(
    session: AsyncSession, resources: Sequence[int], reason: str, now: datetime, person_id: int | None
) -> int:
    """Refuses whatever waits for an answer about these resources, which are locked; returns how many."""
    waiting = await session.execute(
        select(Lending)
        .where(any_of(col(Lending.resource_id), resources), col(Lending.state) == LendingState.ASKED)
        .order_by(col(Lending.id))
        .execution_options(populate_existing=True)
    )
    refused = list(waiting.scalars())
    for lending in refused:
        details = named_in_events(lending)
        LENDING.move(
            session, lending, LendingState.REFUSED, at=now, person_id=person_id, reason=reason, details=details
        )
        lending.reason, lending.answered_at, lending.answered_by = reason, now, person_id
    await session.flush()
    await tell_answered(session, [lending.id for lending in refused], now)
    return len(refused)

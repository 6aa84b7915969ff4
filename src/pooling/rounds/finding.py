"""Finding a round, its collection and its actions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.collections.finding import lock_collection
from pooling.collections.models import Collection
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import linked
from pooling.rounds.models import Round, RoundAction


async def find_round(session: AsyncSession, reference: str) -> Round:
    """Raises:
    NotFound: the group has no round of this reference.
    """
    return await _one(session, reference, locked=False)


async def lock_round(session: AsyncSession, reference: str) -> Round:
    """The round as it stands, which nobody else changes until the end.

    Raises:
        NotFound: the group has no round of this reference.
    """
    return await _one(session, reference, locked=True)


async def _one(session: AsyncSession, reference: str, *, locked: bool) -> Round:
    statement = select(Round).where(col(Round.reference) == reference).execution_options(populate_existing=True)
    # Ballots point at it: they need not wait for who closes it, the collection's lock is there for that.
    statement = statement.with_for_update(key_share=True) if locked else statement
    found: Round | None = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def lock_with_collection(session: AsyncSession, reference: str) -> tuple[Round, Collection | None]:
    """The round, then its collection, both alone.

    Raises:
        NotFound: the group has no round of this reference.
    """
    found = await lock_round(session, reference)
    return found, await lock_collection(session, ("round", found.id), alone=True)


async def collection_of(session: AsyncSession, round_id: int) -> Collection | None:
    found = await session.execute(select(Collection).where(col(Collection.round_id) == round_id))
    collection: Collection | None = found.scalar_one_or_none()
    return collection


@dataclass(frozen=True)
class Choice:
    """An action of a round."""

    id: int
    reference: str
    title: str
    state: str
    rank: int | None
    """As it was adopted in this round."""


async def choices_of(session: AsyncSession, round_id: int) -> Sequence[Choice]:
    """The actions of a round, in the order of the ballot."""
    rows = await session.execute(
        select(col(Action.id), col(Action.reference), col(Action.title), col(Action.state), col(RoundAction.rank))
        .join(Action, linked(Action.id, RoundAction.action_id))
        .where(col(RoundAction.round_id) == round_id)
        .order_by(col(RoundAction.position))
    )
    return [Choice(*row) for row in rows]

"""What comes of silence where members say whether they take part: whoever said nothing by the closing does not."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.queries import declares
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Participation, Purchase


def joined() -> ColumnElement[bool]:
    """Of a purchase: somebody said that it takes part."""
    return exists().where(linked(Participation.purchase_id, Purchase.id), col(Participation.takes_part).is_(True))


async def leave_out_silent(session: AsyncSession, purchases: Sequence[Purchase]) -> None:
    """These are closed: who has not answered does not take part."""
    await _set(session, purchases, takes_part=False)


async def take_in_silent(session: AsyncSession, purchase: Purchase) -> None:
    """It is open again: who had not answered may."""
    await _set(session, [purchase], takes_part=None)


async def _set(session: AsyncSession, purchases: Sequence[Purchase], *, takes_part: bool | None) -> None:
    asked = [purchase.id for purchase in purchases if kind_of(purchase.kind).has(Part.ANSWERS)]
    if asked:
        answered = exists().where(declares(Declaration, Participation, DeclarationState.FILED))
        await session.execute(
            update(Participation)
            .where(any_of(col(Participation.purchase_id), asked), ~answered)
            .values(takes_part=takes_part)
            .execution_options(synchronize_session=False)
        )

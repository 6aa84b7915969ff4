"""What a purchase prepared after one run elsewhere begins with: who runs it, and how one takes part."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.followups.models import FollowUp
from pooling.followups.queries import followup_of
from pooling.kernel.database import group_of
from pooling.kernel.tables import any_of
from pooling.members.features import Copied
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase


async def copy_followup(session: AsyncSession, copied: Copied) -> None:
    kinds = await session.execute(
        select(col(Purchase.kind)).where(any_of(col(Purchase.id), [copied.model_id, copied.purchase_id]))
    )
    if not all(kind_of(kind).has(Part.FOLLOWED) for kind in kinds.scalars()):
        return
    model = (await followup_of(session, copied.model_id)).kept
    session.add(
        FollowUp(
            group_id=group_of(session),
            purchase_id=copied.purchase_id,
            organiser=model.organiser,
            joining=model.joining,
        )
    )
    await session.flush()

"""What stands beside a purchase: the action that it serves and what the group told of it, in one statement."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.experiences.queries import OF_A_SUBJECT
from pooling.kernel.database import group_of
from pooling.purchases.models import Purchase
from pooling.purchases.serving import ActionServed


@dataclass(frozen=True)
class Told:
    """An experience of the purchase."""

    id: int
    title: str
    told_at: datetime


async def beside(session: AsyncSession, purchase: Purchase) -> tuple[ActionServed | None, list[Told]]:
    """The latest experiences first."""
    rows = await session.execute(
        text("""
            (SELECT id, reference, title, CAST(NULL AS timestamptz) AS told_at
             FROM actions WHERE group_id = :group AND id = :action)
            UNION ALL
            (SELECT id, NULL, title, told_at FROM experiences
             WHERE group_id = :group AND purchase_id = :purchase ORDER BY id DESC LIMIT :most)"""),
        {"group": group_of(session), "action": purchase.action_id, "purchase": purchase.id, "most": OF_A_SUBJECT},
    )
    served: ActionServed | None = None
    told: list[Told] = []
    for key, reference, title, told_at in rows:
        if reference is not None:
            served = ActionServed(reference, title)
        else:
            told.append(Told(key, title, told_at))
    return served, told

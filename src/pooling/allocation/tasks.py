"""What costs leave to do: files for finance officers to fetch."""

from datetime import datetime

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.models import AllocationRecord
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.purchases.models import Participation, Purchase, PurchaseState


async def files_to_fetch(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:  # noqa: ARG001 - as the others
    """Finance officers find the allocations of the purchases that their member takes part in."""
    members = caller.members_as(Role.FINANCE)
    if not members:
        return []
    latest = (
        select(
            col(AllocationRecord.group_id),
            col(AllocationRecord.purchase_id),
            func.max(col(AllocationRecord.number)).label("number"),
        )
        .group_by(col(AllocationRecord.group_id), col(AllocationRecord.purchase_id))
        .subquery()
    )
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), latest.c.number)
        .join(latest, and_(latest.c.group_id == Purchase.group_id, latest.c.purchase_id == Purchase.id))
        .where(
            col(Purchase.state).not_in([PurchaseState.SETTLED, PurchaseState.CANCELLED]),
            exists().where(
                col(Participation.group_id) == Purchase.group_id,
                col(Participation.purchase_id) == Purchase.id,
                col(Participation.member_id).in_(members),
            ),
        )
    )
    return [
        Task(
            f"Télécharger l’état de répartition n° {number}",
            f"{reference} · {title}",
            f"/achats/{reference}/couts",
            "Voir les coûts",
        )
        for reference, title, number in rows
    ]

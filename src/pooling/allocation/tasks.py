"""What costs leave to do: frozen allocations for finance officers to deal with."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.models import AllocationRecord
from pooling.allocation.records.processing import is_processed
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.queries import takes_part
from pooling.purchases.rules import OVER


async def records_to_process(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:  # noqa: ARG001
    """The latest record of each purchase that a member of the caller's pays for, until its finance dealt with it."""
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
        .join(latest, linked(latest.c.purchase_id, Purchase.id))
        .where(
            col(Purchase.state).not_in(OVER),
            exists().where(
                linked(Participation.purchase_id, Purchase.id),
                any_of(col(Participation.member_id), members),
                takes_part(),
                ~is_processed(col(Participation.purchase_id), latest.c.number, col(Participation.member_id)),
            ),
        )
    )
    return [
        Task(
            f"Traiter l’état de répartition n°\u00a0{number}",
            f"{reference} · {title}",
            f"/achats/{reference}/couts/etats/{number}",
            "Voir l’état",
        )
        for reference, title, number in rows
    ]

"""What offers leave to do: saying how many agents bought."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.members.groups import day_of_group
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.offers.models import Offer
from pooling.offers.queries import owes_uptake
from pooling.offers.reminders import has_ended_by
from pooling.purchases.models import Participation, Purchase
from pooling.web.typography import of_name


async def uptakes_to_tell(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    members = caller.members_as(Role.REFERENT)
    if not members:
        return []
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), col(Member.code), col(Member.name))
        .select_from(Participation)
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .join(Offer, linked(Offer.purchase_id, Purchase.id))
        .join(Member, linked(Member.id, Participation.member_id))
        .where(any_of(col(Participation.member_id), members), has_ended_by(day_of_group(session, now)), owes_uptake())
        .order_by(col(Purchase.id), col(Member.sort_key))
    )
    return [
        Task(
            f"Dire combien d’agents {of_name(name)} ont acheté",
            f"{reference} · {title}",
            f"/achats/{reference}/bilan/{code}",
            "Répondre",
        )
        for reference, title, code, name in rows
    ]

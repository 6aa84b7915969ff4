"""What quotes leave the lead buyer to do: reminding suppliers of the date, comparing what they sent."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.members.rights import Caller
from pooling.members.task import Task
from pooling.purchases.models import Purchase, PurchaseState
from pooling.quotes.models import Award, Consultation

SOON = timedelta(days=3)


async def quotes_to_gather(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    """Nothing here tells who answered: before the date that is nobody's to know."""
    led = caller.purchases_led()
    if not led:
        return []
    awarded = exists().where(linked(Award.purchase_id, Purchase.id))
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), Consultation)
        .join(Consultation, linked(Consultation.purchase_id, Purchase.id))
        .where(any_of(col(Purchase.id), led), col(Purchase.state) == PurchaseState.CLOSED, ~awarded)
        .order_by(col(Purchase.id))
    )
    found = []
    for reference, title, consultation in rows:
        context, path = f"{reference} · {title}", f"/achats/{reference}/devis"
        if consultation.offers_until <= now:
            found.append(Task("Comparer les devis reçus", context, f"{path}/comparaison", "Comparer"))
        elif consultation.reminded_at is None and consultation.offers_until <= now + SOON:
            found.append(
                Task(
                    "Rappeler la date aux fournisseurs",
                    context,
                    f"{path}/demandes",
                    "Rappeler",
                    due_at=consultation.offers_until,
                )
            )
    return found

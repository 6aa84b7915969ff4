"""Once the date for offers has passed the journal says whose offers there are: before, nothing tells of them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.errors import enumerated
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, linked
from pooling.quotes.models import Consultation, Quote
from pooling.suppliers.models import Supplier


async def open_offers(session: AsyncSession, clock: Clock) -> None:
    """Of all purchases of the group whose date has passed, once."""
    now = await clock.at_database(session)
    due = select(Consultation).where(col(Consultation.offers_until) <= now, col(Consultation.opened_at).is_(None))
    consultations = list((await session.execute(due.with_for_update(skip_locked=True))).scalars())
    if not consultations:
        return
    rows = await session.execute(
        select(col(Quote.purchase_id), col(Supplier.name))
        .join(Supplier, linked(Supplier.id, Quote.supplier_id))
        .where(
            any_of(col(Quote.purchase_id), [one.purchase_id for one in consultations]),
            col(Quote.sealed_until).is_not(None),
        )
        .order_by(col(Supplier.sort_key), col(Quote.id))
    )
    names: dict[int, list[str]] = {}
    for purchase_id, name in rows:
        names.setdefault(purchase_id, []).append(name)
    for one in consultations:
        one.opened_at = now
        received = enumerated(names.get(one.purchase_id, [])) or "aucune"
        record_event(
            session,
            at=now,
            person_id=None,
            subject=("purchase", one.purchase_id),
            name="quote.opened",
            details={"changed": {"offres reçues": [None, received]}},
        )

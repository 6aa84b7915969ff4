"""What changed since a purchase's latest frozen allocation, as far as it is a reason to freeze another one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.models import AllocationRecord, Cause
from pooling.allocation.page import CostsPage
from pooling.kernel.events import Event
from pooling.kernel.tables import any_of
from pooling.members.features import Changed
from pooling.web.typography import plural

ADJUSTED = ("consolidation.adjusted", "declaration.amended")
COSTS = (
    *(f"{line}.{done}" for line in ("charge", "subsidy") for done in ("added", "changed", "removed")),
    "weights.given",
)
_FIRST = (Cause.CREDIT_NOTE, Cause.INVOICE, Cause.AMENDMENT, Cause.COSTS, Cause.OTHER)
"""A credit note comes with adjusted units, an invoice with charges: what a supplier says is the cause."""


async def changed_since(here: CostsPage, number: int) -> list[Changed]:
    """By cause, the most telling first."""
    found = await here.session.execute(
        select(col(AllocationRecord.frozen_at)).where(
            col(AllocationRecord.purchase_id) == here.purchase.id, col(AllocationRecord.number) == number
        )
    )
    since = found.scalar_one_or_none()
    if since is None:
        return []
    changed = [
        *await _told_by_events(here.session, here.purchase.id, since),
        *await here.features.changes(here, since),
    ]
    return sorted(changed, key=lambda one: _FIRST.index(Cause(one.cause)))


async def _told_by_events(session: AsyncSession, purchase_id: int, since: datetime) -> Sequence[Changed]:
    """Units and prices that were adjusted, with the last reason; charges and subsidies, by their number."""
    adjusted = col(Event.name).in_(ADJUSTED)
    rows = await session.execute(
        select(
            adjusted,
            func.count(),
            func.coalesce(func.max(col(Event.reason)).filter(col(Event.reason) != ""), ""),
        )
        .where(
            col(Event.subject_kind) == "purchase",
            col(Event.subject_id) == purchase_id,
            any_of(col(Event.name), [*ADJUSTED, *COSTS]),
            col(Event.at) >= since,
        )
        .group_by(adjusted)
    )
    return [
        Changed(Cause.AMENDMENT, f"quantités ou prix ajustés{f' ({reason})' if reason else ''}")
        if is_adjusted
        else Changed(Cause.COSTS, plural(many, "frais ou subvention changé", "frais ou subventions changés"))
        for is_adjusted, many, reason in rows
    ]

"""Purchases that are not over and led by a member which becomes another one: this one leads them from now on."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import record_events
from pooling.kernel.tables import any_of
from pooling.members.departures import Merging, Tie
from pooling.members.models import Member
from pooling.purchases.models import Purchase
from pooling.purchases.rules import OVER


async def merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:  # noqa: ARG001 - as the others
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title))
        .where(any_of(col(Purchase.lead_member_id), [one.id for one in members]), col(Purchase.state).not_in(OVER))
        .order_by(col(Purchase.id))
    )
    return [
        Tie(f"« {title} » est piloté par l’ensemble.", label=reference, path=f"/achats/{reference}")
        for reference, title in rows
    ]


async def merge(session: AsyncSession, merging: Merging) -> None:
    led = any_of(col(Purchase.lead_member_id), merging.ids), col(Purchase.state).not_in(OVER)
    rows = await session.execute(select(col(Purchase.id), col(Purchase.lead_member_id)).where(*led))
    former = {purchase_id: member_id for purchase_id, member_id in rows}
    await session.execute(
        update(Purchase)
        .where(*led)
        .values(lead_member_id=merging.becomes.id)
        .execution_options(synchronize_session=False)
    )
    await record_events(
        session,
        at=merging.at,
        person_id=merging.by,
        kind="purchase",
        name="purchase.terms_changed",
        each={
            purchase_id: {"former_member_id": member_id, "member_id": merging.becomes.id}
            for purchase_id, member_id in former.items()
        },
    )

"""The action that a purchase serves: said when it is prepared, or at any time after."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase
from pooling.purchases.permissions import may_edit


@dataclass(frozen=True)
class ActionServed:
    reference: str
    title: str


async def action_meant(session: AsyncSession, reference: str) -> int | None:
    """The id of the action of this reference; None where none is named.

    Raises:
        Invalid: the group has none of this reference.
    """
    if not reference:
        return None
    found = await session.execute(select(col(Action.id)).where(col(Action.reference) == reference))
    action_id: int | None = found.scalar_one_or_none()
    if action_id is None:
        raise Invalid({"action": "Choisissez une action du groupe."})
    return action_id


async def action_served(session: AsyncSession, purchase_id: int) -> ActionServed | None:
    rows = await session.execute(
        select(col(Action.reference), col(Action.title))
        .join(Purchase, linked(Purchase.action_id, Action.id))
        .where(col(Purchase.id) == purchase_id)
    )
    row = rows.one_or_none()
    return ActionServed(*row) if row is not None else None


async def serve_action(session: AsyncSession, caller: Caller, purchase_id: int, reference: str, now: datetime) -> None:
    """Says which action a purchase serves; an empty reference: none.

    Raises:
        Forbidden: the caller neither prepares nor runs it.
        Invalid: the group has no action of this reference.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    action_id = await action_meant(session, reference)
    if action_id == purchase.action_id:
        return
    former, purchase.action_id = purchase.action_id, action_id
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="purchase.serves" if action_id else "purchase.serves_none",
        details={"action_id": action_id or former},
    )
    await session.flush()

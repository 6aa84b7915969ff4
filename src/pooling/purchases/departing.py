"""What becomes of purchases when a member leaves the group: those in preparation go on without it, it leaves none that
it leads, and stays in those of which its share is known.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import record_events
from pooling.kernel.tables import any_of, linked
from pooling.members.departures import Departure, Leaving, Tie
from pooling.members.models import Member
from pooling.purchases.kinds import kind_of
from pooling.purchases.merging import merge, merge_ties
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.rules import OVER


def of_members(members: Sequence[int]) -> ColumnElement[bool]:
    """Of purchases: that one of these members leads it or takes part."""
    taking_part = exists().where(
        linked(Participation.purchase_id, Purchase.id), any_of(col(Participation.member_id), members)
    )
    return or_(any_of(col(Purchase.lead_member_id), members), taking_part)


async def lock_purchases(session: AsyncSession, members: Sequence[int]) -> None:
    """Those that are not over, of these members: always in the same order."""
    await session.execute(
        select(col(Purchase.id))
        .where(col(Purchase.state).not_in(OVER), of_members(members))
        .order_by(col(Purchase.id))
        .with_for_update()
    )


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    taking_part = exists().where(
        linked(Participation.purchase_id, Purchase.id), col(Participation.member_id) == member.id
    )
    rows = await session.execute(
        select(
            *(col(Purchase.reference), col(Purchase.title), col(Purchase.kind), col(Purchase.state)),
            *(col(Purchase.lead_member_id) == member.id, taking_part),
        )
        .where(col(Purchase.state).not_in(OVER), of_members([member.id]))
        .order_by(col(Purchase.id))
    )
    found = []
    for reference, title, kind, state, leads, takes_part in rows:
        said, path = f"« {title} » ({kind_of(kind).word(state).lower()})", f"/achats/{reference}"
        if leads:
            leading = f"Il pilote {said} : terminez cet achat, ou donnez-lui un autre pilote."
            found.append(Tie(leading, keeps=True, label=reference, path=path))
        if takes_part and state == PurchaseState.DRAFT:
            found.append(Tie(f"Il ne participe plus à {said}.", label=reference, path=path))
        elif takes_part and state != PurchaseState.OPEN:
            staying = f"Il reste dans {said} : ce qu’il y reçoit et y paie ne change pas."
            found.append(Tie(staying, label=reference, path=path))
    return found


async def leave_purchases(session: AsyncSession, leaving: Leaving, state: PurchaseState) -> None:
    """It takes part no more in those in this state; each has its event."""
    member = leaving.member
    purchases = select(col(Purchase.id)).where(col(Purchase.state) == state)
    left = await session.execute(
        delete(Participation)
        .where(col(Participation.member_id) == member.id, col(Participation.purchase_id).in_(purchases))
        .returning(col(Participation.purchase_id))
        .execution_options(synchronize_session=False)
    )
    await record_events(
        session,
        at=leaving.at,
        person_id=leaving.by,
        kind="purchase",
        name="purchase.member_left",
        each={purchase_id: {"member_id": member.id} for purchase_id in left.scalars()},
    )


async def _leave(session: AsyncSession, leaving: Leaving) -> None:
    await leave_purchases(session, leaving, PurchaseState.DRAFT)


DEPARTURE = Departure(ties=_ties, lock=lock_purchases, leave=_leave, merge_ties=merge_ties, merge=merge)

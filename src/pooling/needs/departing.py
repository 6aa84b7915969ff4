"""What becomes of collections when a member leaves the group: those that it has not answered go on without it."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.collections.finding import take_locks
from pooling.kernel.tables import linked
from pooling.members.departures import Departure, Leaving, Tie
from pooling.members.models import Member
from pooling.needs.merging import DRAFT_WAITS, merge, merge_ties
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.needs.queries import declares
from pooling.purchases.departing import leave_purchases, of_members
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Participation, Purchase, PurchaseState


async def lock_collections(session: AsyncSession, members: Sequence[int]) -> None:
    """Those that are open, alone: nobody files meanwhile."""
    rows = await session.execute(
        select(col(Purchase.id)).where(col(Purchase.state) == PurchaseState.OPEN, of_members(members))
    )
    await take_locks(session, [("purchase", purchase_id) for purchase_id in rows.scalars()])


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    draft, filed = aliased(Declaration), aliased(Declaration)
    wants = or_(
        exists().where(linked(Need.declaration_id, filed.id), col(Need.up_to) > 0),
        col(Participation.takes_part).is_(True),
    )
    rows = await session.execute(
        select(
            *(col(Purchase.reference), col(Purchase.title), col(draft.id).is_not(None)),
            *(wants, col(Purchase.kind)),
        )
        .select_from(Participation)
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .outerjoin(draft, declares(draft, Participation, DeclarationState.DRAFT))
        .outerjoin(filed, declares(filed, Participation, DeclarationState.FILED))
        .where(col(Participation.member_id) == member.id, col(Purchase.state) == PurchaseState.OPEN)
        .order_by(col(Purchase.id))
    )
    found = []
    for reference, title, has_draft, has_needs, kind in rows:
        asking = kind_of(kind).asking
        assert asking is not None, "it is open"
        page = f"/achats/{reference}{asking.section}/{member.code}"
        if has_draft:
            said = f"Un brouillon attend pour « {title} » : {DRAFT_WAITS}"
            found.append(Tie(said, keeps=True, label=reference, path=page))
        elif has_needs:
            said = (
                f"Sa {asking.answer} pour « {title} » l’engage et la collecte est ouverte : attendez la clôture, ou "
                "déposez-en une qui ne demande rien."
            )
            found.append(Tie(said, keeps=True, label=reference, path=page))
        else:
            said = f"La collecte de « {title} » ne l’attend plus."
            found.append(Tie(said, label=reference, path=f"/achats/{reference}"))
    return found


async def _leave(session: AsyncSession, leaving: Leaving) -> None:
    """What it filed there asks for nothing: `_ties` has looked."""
    purchases = select(col(Purchase.id)).where(col(Purchase.state) == PurchaseState.OPEN)
    await session.execute(
        delete(Declaration)
        .where(col(Declaration.member_id) == leaving.member.id, col(Declaration.purchase_id).in_(purchases))
        .execution_options(synchronize_session=False)
    )
    await leave_purchases(session, leaving, PurchaseState.OPEN)


DEPARTURE = Departure(ties=_ties, lock=lock_collections, leave=_leave, merge_ties=merge_ties, merge=merge)

"""What collections leave to be done by somebody who leaves, and until when."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.collections.models import Collection, CollectionState
from pooling.collections.queries import under_way
from pooling.kernel.tables import linked
from pooling.members.models import Role
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.queries import declares
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Participation, Purchase
from pooling.web.typography import deadline_words


async def collections_ahead(session: AsyncSession, now: datetime) -> list[tuple[datetime, str]]:  # noqa: ARG001 - as the others
    """Open collections, even those whose time has come: the sweep closes them."""
    rows = await session.execute(
        select(col(Collection.closes_at), col(Purchase.reference))
        .join(Purchase, linked(Purchase.id, Collection.purchase_id))
        .where(col(Collection.state) == CollectionState.OPEN)
    )
    return [(closes_at, f"collecte de {reference}") for closes_at, reference in rows]


async def declarations_unfinished(
    session: AsyncSession,
    caller: Caller,  # noqa: ARG001 - as the others
    group: EnteredGroup,
    person: PersonShown,  # noqa: ARG001 - as the others
    role: RoleShown,
    now: datetime,
) -> list[str]:
    """One sentence for each collection in which the member still owes its declaration, or keeps a draft."""
    if role.role != Role.REFERENT or role.member_id is None:
        return []
    zone = group.zone
    filed, draft = aliased(Declaration), aliased(Declaration)
    rows = await session.execute(
        select(
            col(Purchase.title),
            col(Collection.closes_at),
            col(filed.id).is_not(None),
            col(draft.id).is_not(None),
            col(Purchase.kind),
        )
        .select_from(Participation)
        .join(Purchase, linked(Purchase.id, Participation.purchase_id))
        .join(Collection, linked(Collection.purchase_id, Participation.purchase_id))
        .outerjoin(filed, declares(filed, Participation, DeclarationState.FILED))
        .outerjoin(draft, declares(draft, Participation, DeclarationState.DRAFT))
        .where(col(Participation.member_id) == role.member_id, *under_way(now))
        .order_by(col(Collection.closes_at))
    )
    warnings = []
    for title, closes_at, has_filed, has_draft, kind in rows:
        until = deadline_words(closes_at, now, zone)
        if has_draft:
            warnings.append(f"Un brouillon n’est pas déposé pour « {title} » : quelqu’un doit le déposer {until}.")
        elif not has_filed:
            asking = kind_of(kind).asking
            warnings.append(f"La {asking.answer if asking else 'réponse'} pour « {title} » reste à faire {until}.")
    return warnings

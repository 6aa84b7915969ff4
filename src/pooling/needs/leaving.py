"""What collections leave to be done by somebody who leaves, and until when."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.collections.models import Collection, CollectionState
from pooling.collections.queries import is_collection, under_way
from pooling.members.models import Role
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller
from pooling.needs.models import Declaration, DeclarationState
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.queries import is_purchase
from pooling.web.typography import deadline_words


async def collections_ahead(session: AsyncSession, now: datetime) -> list[tuple[datetime, str]]:  # noqa: ARG001 - as the others
    """Open collections, even those whose time has come: the sweep closes them."""
    rows = await session.execute(
        select(col(Collection.closes_at), col(Purchase.reference))
        .join(Purchase, is_purchase(Collection.group_id, Collection.purchase_id))
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
    zone = ZoneInfo(group.timezone)
    filed, draft = aliased(Declaration), aliased(Declaration)
    rows = await session.execute(
        select(col(Purchase.title), col(Collection.closes_at), col(filed.id).is_not(None), col(draft.id).is_not(None))
        .select_from(Participation)
        .join(Purchase, is_purchase(Participation.group_id, Participation.purchase_id))
        .join(Collection, is_collection(Participation.group_id, Participation.purchase_id))
        .outerjoin(filed, _of_member(filed, DeclarationState.FILED))
        .outerjoin(draft, _of_member(draft, DeclarationState.DRAFT))
        .where(col(Participation.member_id) == role.member_id, *under_way(now))
        .order_by(col(Collection.closes_at))
    )
    warnings = []
    for title, closes_at, has_filed, has_draft in rows:
        until = deadline_words(closes_at, now, zone)
        if has_draft:
            warnings.append(f"Un brouillon n’est pas déposé pour « {title} » : quelqu’un doit le déposer {until}.")
        elif not has_filed:
            warnings.append(f"La déclaration pour « {title} » reste à faire {until}.")
    return warnings


def _of_member(declaration: type[Declaration], state: DeclarationState) -> ColumnElement[bool]:
    return and_(
        col(declaration.group_id) == col(Participation.group_id),
        col(declaration.purchase_id) == col(Participation.purchase_id),
        col(declaration.member_id) == col(Participation.member_id),
        col(declaration.state) == state,
    )

"""What collections leave to be done by somebody who leaves, and until when."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.members.models import Role
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller
from pooling.needs.models import Declaration, DeclarationState
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.web.typography import deadline_words


async def collections_ahead(session: AsyncSession, now: datetime) -> list[tuple[datetime, str]]:  # noqa: ARG001 - as the others
    """Open collections, even those whose time has come: the sweep closes them."""
    rows = await session.execute(
        select(col(Purchase.closes_at), col(Purchase.reference)).where(col(Purchase.state) == PurchaseState.OPEN)
    )
    return [(closes_at, f"collecte de {reference}") for closes_at, reference in rows if closes_at is not None]


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
        select(col(Purchase.title), col(Purchase.closes_at), col(filed.id).is_not(None), col(draft.id).is_not(None))
        .select_from(Participation)
        .join(
            Purchase,
            and_(
                col(Purchase.group_id) == col(Participation.group_id),
                col(Purchase.id) == col(Participation.purchase_id),
            ),
        )
        .outerjoin(filed, _of_member(filed, DeclarationState.FILED))
        .outerjoin(draft, _of_member(draft, DeclarationState.DRAFT))
        .where(
            col(Participation.member_id) == role.member_id,
            col(Purchase.state) == PurchaseState.OPEN,
            col(Purchase.closes_at) > now,
        )
        .order_by(col(Purchase.closes_at))
    )
    warnings = []
    for title, closes_at, has_filed, has_draft in rows:
        assert closes_at is not None, "a constraint holds it"
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

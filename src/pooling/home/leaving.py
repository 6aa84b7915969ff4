"""What a référent who leaves has not finished: said before its role is taken away."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.needs.models import Declaration, DeclarationState
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.web.typography import before


async def warnings_on_leaving(session: AsyncSession, member_id: int, now: datetime, zone: ZoneInfo) -> list[str]:
    """One sentence for each collection in which the member still owes its declaration, or keeps a draft."""
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
            col(Participation.member_id) == member_id,
            col(Purchase.state) == PurchaseState.OPEN,
            col(Purchase.closes_at) > now,
        )
        .order_by(col(Purchase.closes_at))
    )
    warnings = []
    for title, closes_at, has_filed, has_draft in rows:
        assert closes_at is not None, "a constraint holds it"
        until = before(closes_at, now, zone)
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

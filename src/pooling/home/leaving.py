"""What somebody who loses a role has not finished: said before it is taken away."""

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.queries import DecisionShown, readable, shown_decisions
from pooling.committees.decisions.words import excerpt
from pooling.members.models import Role
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller
from pooling.needs.models import Declaration, DeclarationState
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.web.typography import before, plural, typo

NAMED_AT_MOST = 10


async def warnings_on_leaving(
    session: AsyncSession, caller: Caller, group: EnteredGroup, person: PersonShown, role: RoleShown, now: datetime
) -> list[str]:
    """What this role leaves to be done and, where it is the last one, what the person does; links are markup."""
    warnings = []
    if role.role == Role.REFERENT and role.member_id is not None:
        warnings += await _declarations(session, role.member_id, now, ZoneInfo(group.timezone))
    if len(person.roles) == 1:
        warnings += await _decisions(session, caller, person.id, f"/g/{group.slug}")
    return warnings


async def _decisions(session: AsyncSession, caller: Caller, person_id: int, base: str) -> list[str]:
    """One sentence about the open decisions that the person owns, of those that the caller may read."""
    rows = await session.execute(
        shown_decisions()
        .where(col(Decision.owner_id) == person_id, col(Decision.state) == DecisionState.OPEN, readable(caller))
        .order_by(col(Decision.due_on).nulls_last(), col(Decision.id))
    )
    owned = [DecisionShown(*row) for row in rows]
    if not owned:
        return []
    links = [
        Markup('«\u00a0<a href="{}{}">{}</a>\u00a0»').format(base, one.path, typo(excerpt(one.decision.content, 60)))
        for one in owned[:NAMED_AT_MOST]
    ]
    more = len(owned) - len(links)
    named = Markup(", ").join([*links, *([plural(more, "autre")] if more else [])])
    return [
        Markup("{}\u00a0: {}. {}").format(
            plural(len(owned), "décision ouverte n’aura plus", "décisions ouvertes n’auront plus") + " de responsable",
            named,
            "Confiez-les d’abord à quelqu’un d’autre." if len(owned) > 1 else "Confiez-la d’abord à quelqu’un d’autre.",
        )
    ]


async def _declarations(session: AsyncSession, member_id: int, now: datetime, zone: ZoneInfo) -> list[str]:
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

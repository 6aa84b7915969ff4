"""Decisions that somebody who leaves is in charge of: said before the last role is taken away."""

from datetime import datetime

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.queries import DecisionShown, readable_by, shown_decisions
from pooling.committees.decisions.words import decision_excerpt
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller
from pooling.web.typography import plural, typo

NAMED_AT_MOST = 10


async def decisions_left_alone(
    session: AsyncSession,
    caller: Caller,
    group: EnteredGroup,
    person: PersonShown,
    role: RoleShown,  # noqa: ARG001 - as the others
    now: datetime,  # noqa: ARG001 - as the others
) -> list[str]:
    """One sentence about the open decisions that the person owns, of those that the caller may read."""
    if len(person.roles) > 1:
        return []
    base = f"/g/{group.slug}"
    rows = await session.execute(
        shown_decisions(session)
        .where(col(Decision.owner_id) == person.id, col(Decision.state) == DecisionState.OPEN, readable_by(caller))
        .order_by(col(Decision.due_on).nulls_last(), col(Decision.id))
    )
    owned = [DecisionShown.of(session, row) for row in rows]
    if not owned:
        return []
    links = [
        Markup('«\u00a0<a href="{}{}">{}</a>\u00a0»').format(
            base, one.path, typo(decision_excerpt(one.decision.content, 60))
        )
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

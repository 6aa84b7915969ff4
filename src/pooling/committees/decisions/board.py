"""The board of decisions: mine, overdue, open, settled; of one committee, of one purchase. Keyset pages."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.queries import DecisionShown, has_owner, readable_by, shown_decisions
from pooling.committees.models import Committee
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import linked
from pooling.members.rights import Caller

NEVER = date(9999, 12, 31)
BY_DUE_DATE = Order(func.coalesce(col(Decision.due_on), NEVER), col(Decision.id), size=25)
SETTLED_LATEST_FIRST = Order(col(Decision.settled_at), col(Decision.id), latest_first=True, size=25)
CHOSEN_AMONG = 100


class View(StrEnum):
    MINE = "miennes"
    OVERDUE = "en-retard"
    ORPHAN = "sans-responsable"
    OPEN = "ouvertes"
    SETTLED = "terminees"


WORDS = {
    View.MINE: "Les miennes",
    View.OVERDUE: "En retard",
    View.ORPHAN: "Sans responsable",
    View.OPEN: "À suivre",
    View.SETTLED: "Terminées",
}


@dataclass(frozen=True)
class Filters:
    """What is looked for."""

    view: View
    committee_id: int | None = None
    purchase_id: int | None = None
    action_id: int | None = None


def _of_view(view: View, caller: Caller, today: date) -> ColumnElement[bool]:
    is_open = col(Decision.state) == DecisionState.OPEN
    return {
        View.MINE: and_(is_open, col(Decision.owner_id) == caller.person_id),
        View.OVERDUE: and_(is_open, col(Decision.due_on) < today),
        View.ORPHAN: and_(is_open, ~has_owner()),
        View.OPEN: is_open,
        View.SETTLED: ~is_open,
    }[view]


def _within(filters: Filters) -> list[ColumnElement[bool]]:
    found = []
    if filters.committee_id is not None:
        found.append(col(Decision.committee_id) == filters.committee_id)
    if filters.purchase_id is not None:
        found.append(col(Decision.purchase_id) == filters.purchase_id)
    if filters.action_id is not None:
        found.append(col(Decision.action_id) == filters.action_id)
    return found


async def decision_page(
    session: AsyncSession,
    caller: Caller,
    filters: Filters,
    today: date,
    wanted: Slice,
) -> Listed[DecisionShown]:
    """The decisions that the caller may read: the open ones by due date, those without any last; the settled ones, the
    latest first.
    """
    statement = shown_decisions(session).where(
        readable_by(caller), _of_view(filters.view, caller, today), *_within(filters)
    )
    order = SETTLED_LATEST_FIRST if filters.view is View.SETTLED else BY_DUE_DATE
    return (await order.read(session, statement, wanted)).each(lambda row: DecisionShown.of(session, row))


async def count_views(session: AsyncSession, caller: Caller, filters: Filters, today: date) -> dict[View, int]:
    """How many decisions each view has, within the same committee and purchase: one statement."""
    counts = [func.count().filter(_of_view(view, caller, today)) for view in View]
    row = await session.execute(
        select(*counts)
        .select_from(Decision)
        .join(Committee, linked(Committee.id, Decision.committee_id))
        .where(readable_by(caller), *_within(filters))
    )
    return dict(zip(View, row.one(), strict=True))


async def committees_with_decisions(session: AsyncSession, caller: Caller) -> list[Committee]:
    """The latest committees that have decisions the caller may read."""
    found = await session.execute(
        select(Committee)
        .where(
            select(col(Decision.id))
            .where(
                linked(Decision.committee_id, Committee.id),
                readable_by(caller),
            )
            .exists()
        )
        .order_by(col(Committee.starts_at).desc())
        .limit(CHOSEN_AMONG)
    )
    return list(found.scalars())

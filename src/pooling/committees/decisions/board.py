"""The board of decisions: mine, overdue, open, settled; of one committee, of one purchase. Keyset pages."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.decisions.queries import DecisionShown, has_owner, readable_by, shown_decisions
from pooling.committees.models import Committee
from pooling.kernel.tables import linked
from pooling.members.rights import Caller
from pooling.web.carried import moment

PAGE_SIZE = 25
NEVER = date(9999, 12, 31)
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
Key = tuple[str, int]


@dataclass(frozen=True)
class Filters:
    """What is looked for."""

    view: View
    committee_id: int | None = None
    purchase_id: int | None = None


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
    return found


async def decision_page(
    session: AsyncSession,
    caller: Caller,
    filters: Filters,
    today: date,
    *,
    after: Key | None = None,
    size: int = PAGE_SIZE,
) -> tuple[list[DecisionShown], Key | None]:
    """A page of the decisions that the caller may read: the open ones by due date, those without any last; the settled
    ones, the latest first. And where the next page starts.
    """
    statement = shown_decisions(session).where(
        readable_by(caller), _of_view(filters.view, caller, today), *_within(filters)
    )
    settled = filters.view is View.SETTLED
    if settled:
        key = tuple_(col(Decision.settled_at), col(Decision.id))
        statement = statement.order_by(col(Decision.settled_at).desc(), col(Decision.id).desc())
    else:
        due = func.coalesce(col(Decision.due_on), NEVER)
        key = tuple_(due, col(Decision.id))
        statement = statement.order_by(due, col(Decision.id))
    start = _start(after, settled=settled)
    if start is not None:
        statement = statement.where(key < start if settled else key > start)
    found = [DecisionShown.of(session, row) for row in await session.execute(statement.limit(size + 1))]
    shown = found[:size]
    return shown, _key(shown[-1].decision, settled=settled) if len(found) > size else None


def _key(decision: Decision, *, settled: bool) -> Key:
    reached = (decision.settled_at or datetime.min.replace(tzinfo=UTC)) if settled else (decision.due_on or NEVER)
    return reached.isoformat(), decision.id


def _start(after: Key | None, *, settled: bool) -> tuple[date | datetime, int] | None:
    """Where a page starts; None for the first, and for anything that is no key of ours."""
    if after is None:
        return None
    try:
        return moment(after[0]) if settled else date.fromisoformat(after[0]), after[1]
    except ValueError:
        return None


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

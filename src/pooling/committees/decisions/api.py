"""Minutes and decisions of committees."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath
from pydantic import Field

from pooling.accounts.idempotency import Made, answered_once
from pooling.committees.decisions.board import Filters, View, decision_page
from pooling.committees.decisions.following_up import settle_decision
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.queries import DecisionShown, decisions_of, find_decision
from pooling.committees.decisions.schemas import LONGEST_OUTCOME
from pooling.committees.models import CommitteeState
from pooling.committees.queries import committee_by_id
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import LARGEST_ID
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.members.subjects import reference_of
from pooling.purchases.finding import find_purchase
from pooling.web.api import ApiIn, ApiOut, Operation, PageIn, PageOut, json_answer, page_of
from pooling.web.api_input import read_body, read_query
from pooling.web.services import services_of


class VotesOut(ApiOut):
    """Null where nobody counted."""

    cast_for: int | None
    against: int | None
    abstained: int | None


class OwnerOut(ApiOut):
    id: int
    name: str | None


class DecisionOut(ApiOut):
    """What a committee decided. `applied_at` is when what it does was done."""

    committee_id: int
    number: int
    content: str
    votes: VotesOut
    purchase: str | None
    """The reference of the purchase that it is about: AG-2027-001."""
    act: str | None
    """What it does to its purchase: `open`, `close`, `change_terms`… More may come."""
    applied_at: datetime | None
    owner: OwnerOut | None
    due_on: date | None
    state: DecisionState
    outcome: str
    """What came of it, or why it was dropped."""
    settled_at: datetime | None


class MinutesOut(ApiOut):
    """The published minutes of a committee."""

    committee_id: int
    title: str
    starts_at: datetime
    published_at: datetime | None
    text: str
    """Markdown."""
    decisions: Sequence[DecisionOut]


class DecisionsIn(PageIn):
    state: Literal["open", "settled", "overdue", "mine"] = Field(
        default="open", description="Open (by due date), past their due date, your own open ones, or settled."
    )
    committee: int | None = Field(default=None, ge=1, le=LARGEST_ID, description="Only those of this committee.")
    purchase: str = Field(default="", max_length=40, description="Only those about this purchase: AG-2027-001.")


class SettlementIn(ApiIn):
    state: Literal[DecisionState.DONE, DecisionState.DROPPED]
    outcome: str = Field(min_length=1, max_length=LONGEST_OUTCOME)
    """What was done, or why it was given up."""


_VIEWS = {"open": View.OPEN, "settled": View.SETTLED, "overdue": View.OVERDUE, "mine": View.MINE}


def _out(shown: DecisionShown) -> DecisionOut:
    decision = shown.decision
    owner = None if decision.owner_id is None else OwnerOut(id=decision.owner_id, name=shown.owner)
    return DecisionOut(
        committee_id=decision.committee_id,
        number=decision.number,
        content=decision.content,
        votes=VotesOut(cast_for=decision.votes_for, against=decision.votes_against, abstained=decision.votes_abstained),
        purchase=reference_of(shown.subject, "purchase"),
        act=decision.act,
        applied_at=decision.acted_at,
        owner=owner,
        due_on=decision.due_on,
        state=DecisionState(decision.state),
        outcome=decision.outcome,
        settled_at=decision.settled_at,
    )


@get(
    "/committees/{committee_id:int}/minutes",
    right=Right.SEE_GROUP,
    api=Operation("get_minutes", MinutesOut, tagged=True),
)
async def get_minutes(session: SessionHere, committee_id: FromPath[int]) -> Response[Any]:
    """A committee's minutes with its decisions, once they are published."""
    committee = await committee_by_id(session, committee_id)
    if committee.state != CommitteeState.MINUTED:
        raise NotFound("Le compte-rendu de ce comité n’est pas publié.")
    return json_answer(
        MinutesOut(
            committee_id=committee.id,
            title=committee.title,
            starts_at=committee.starts_at,
            published_at=committee.published_at,
            text=committee.minutes,
            decisions=[_out(shown) for shown in await decisions_of(session, committee.id)],
        ),
        tagged=True,
    )


@get("/decisions", right=Right.SEE_GROUP, api=Operation("list_decisions", PageOut[DecisionOut], query=DecisionsIn))
async def list_decisions(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[Any]:
    """What committees decided: open by due date, or settled, the latest first."""
    page = read_query(request, DecisionsIn)
    purchase = await find_purchase(session, page.purchase) if page.purchase else None
    today = services_of(request).clock.now().astimezone(ZoneInfo(entered_group.timezone)).date()
    filters = Filters(_VIEWS[page.state], page.committee, purchase.id if purchase else None)
    listed = await decision_page(session, caller, filters, today, page.slice)
    return page_of(request, listed.each(_out), page.limit)


@post(
    "/committees/{committee_id:int}/decisions/{number:int}/settlement",
    right=Right.SEE_GROUP,
    status_code=200,
    api=Operation("settle_decision", DecisionOut, takes=SettlementIn, conflicts=("not_open",), once=True),
)
async def do_settlement(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    """Mark an open decision done or dropped: for its owner and the facilitator."""

    async def make() -> Made[Any]:
        await find_decision(session, caller, committee_id, number)
        sent = await read_body(request, SettlementIn)
        now = services_of(request).clock.now()
        await settle_decision(session, caller, committee_id, number, sent.state, sent.outcome, now)
        return Made(_out(await find_decision(session, caller, committee_id, number)))

    return await answered_once(request, session, caller.person_id, make, status=200)


ROUTES: Sequence[Any] = [get_minutes, list_decisions, do_settlement]

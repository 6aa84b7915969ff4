"""Minutes and decisions of committees."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from litestar import get, post
from pydantic import Field

from pooling.actions.keeping import find_action
from pooling.committees.decisions import following_up
from pooling.committees.decisions.board import Filters, View, decision_page
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.page import OnDecision
from pooling.committees.decisions.permissions import may_follow
from pooling.committees.decisions.queries import DecisionShown, decisions_of
from pooling.committees.decisions.schemas import LONGEST_OUTCOME
from pooling.committees.models import CommitteeState
from pooling.committees.page import OnCommittee
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.members.subjects import reference_of
from pooling.purchases.finding import find_purchase
from pooling.web.api import ApiIn, ApiOut, PageIn, RowId


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
    round: str | None
    """The reference of the round that it is about: TP-2027-001."""
    action: str | None
    """The reference of the action that it is about: FA-2027-003."""
    act: str | None
    """What it does to that: `open`, `close`, `change_terms`, `agree_action`… More may come."""
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
    committee: RowId | None = Field(default=None, description="Only those of this committee.")
    purchase: str = Field(default="", max_length=40, description="Only those about this purchase: AG-2027-001.")
    action: str = Field(default="", max_length=40, description="Only those about this action: FA-2027-003.")


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
        round=reference_of(shown.subject, "round"),
        action=reference_of(shown.subject, "action"),
        act=decision.act,
        applied_at=decision.acted_at,
        owner=owner,
        due_on=decision.due_on,
        state=DecisionState(decision.state),
        outcome=decision.outcome,
        settled_at=decision.settled_at,
    )


@endpoint(get, "/committees/{committee_id:int}/minutes", right=Right.SEE_GROUP, tagged=True)
async def get_minutes(here: Here[OnCommittee]) -> MinutesOut:
    """A committee's minutes with its decisions, once they are published."""
    committee = here.committee
    if committee.state != CommitteeState.MINUTED:
        raise NotFound("Le compte-rendu de ce comité n’est pas publié.")
    return MinutesOut(
        committee_id=committee.id,
        title=committee.title,
        starts_at=committee.starts_at,
        published_at=committee.published_at,
        text=committee.minutes,
        decisions=[_out(shown) for shown in await decisions_of(here.session, committee.id)],
    )


@endpoint(get, "/decisions", right=Right.SEE_GROUP)
async def list_decisions(here: Here[InGroup], asked: DecisionsIn) -> Listed[DecisionOut]:
    """What committees decided: open by due date, or settled, the latest first."""
    purchase = await find_purchase(here.session, asked.purchase) if asked.purchase else None
    action = await find_action(here.session, asked.action) if asked.action else None
    filters = Filters(
        _VIEWS[asked.state], asked.committee, purchase.id if purchase else None, action.id if action else None
    )
    return (await decision_page(here.session, here.caller, filters, here.today, asked.slice)).each(_out)


@endpoint(
    post,
    "/committees/{committee_id:int}/decisions/{number:int}/settlement",
    right=may_follow,
    conflicts=("not_open",),
    once=True,
)
async def settle_decision(here: Here[OnDecision], sent: SettlementIn) -> DecisionOut:
    """Mark an open decision done or dropped: for its owner and the facilitator."""
    await following_up.settle_decision(
        here.session, here.caller, here.committee.id, here.decision.number, sent.state, sent.outcome, here.now
    )
    return _out(here.shown)


ROUTES = [get_minutes, list_decisions, settle_decision]

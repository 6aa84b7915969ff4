"""Following a decision up, from its page: done, dropped, more time, another owner, taken up again."""

from typing import Any

from litestar import Response, post

from pooling.committees.decisions.following_up import (
    hand_over_decision,
    reopen_decision,
    reschedule_decision,
    settle_decision,
)
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.page import DecisionPage
from pooling.committees.decisions.pages import DECISION, decision_page
from pooling.committees.decisions.permissions import may_follow
from pooling.committees.decisions.schemas import LONGEST_OUTCOME
from pooling.committees.invitations.choosing import person_meant
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.forms import PostedForm


def _settling(state: DecisionState, field: str, done: str) -> Any:  # noqa: ANN401 - a handler
    """Ends a decision so, with what is said in the field."""

    async def settle(here: Here[DecisionPage], form: PostedForm) -> Response[Any]:
        outcome = form.lines(field, longest=LONGEST_OUTCOME)
        async with form.submitted(lambda: decision_page(here, form), fields={"outcome": field}):
            await settle_decision(
                here.session, here.caller, here.committee.id, here.decision.number, state, outcome, here.now
            )
        return here.redirect(done=done)

    return settle


do_done = post(f"{DECISION}/realisation", right=may_follow)(
    _settling(DecisionState.DONE, "outcome", "La décision est faite.")
)
do_dropped = post(f"{DECISION}/abandon", right=may_follow)(
    _settling(DecisionState.DROPPED, "why", "La décision est abandonnée.")
)


@post(f"{DECISION}/reouverture", right=may_follow)
async def do_reopened(here: Here[DecisionPage]) -> Response[Any]:
    await reopen_decision(here.session, here.caller, here.committee.id, here.decision.number, here.now)
    return here.redirect(done="La décision est de nouveau à suivre.")


@post(f"{DECISION}/echeance", right=may_follow)
async def do_rescheduled(here: Here[DecisionPage], form: PostedForm) -> Response[Any]:
    due_on, reason = form.date("due_on"), form.lines("reason", longest=LONGEST_OUTCOME)
    async with form.submitted(lambda: decision_page(here, form)):
        await reschedule_decision(
            here.session,
            here.caller,
            here.committee.id,
            here.decision.number,
            due_on,
            here.now,
            today=here.today,
            reason=reason,
        )
    return here.redirect(done="L’échéance est changée.")


@post(f"{DECISION}/responsable", right=Right.MANAGE_COMMITTEES)
async def do_handed_over(here: Here[DecisionPage], form: PostedForm) -> Response[Any]:
    owner = await person_meant(here.session, form, "owner")
    async with form.submitted(lambda: decision_page(here, form, owner.offered)):
        await hand_over_decision(
            here.session, here.caller, here.committee.id, here.decision.number, owner.person_id, here.now
        )
    return here.redirect(done="Le responsable est changé.")


ROUTES = [do_done, do_dropped, do_reopened, do_rescheduled, do_handed_over]

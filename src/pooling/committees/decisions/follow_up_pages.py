"""Following a decision up, from its page: done, dropped, more time, another owner, taken up again."""

from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.following_up import (
    hand_over_decision,
    may_follow,
    reopen_decision,
    reschedule_decision,
    settle_decision,
)
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.pages import DECISION, decision_page, decision_url, framed
from pooling.committees.decisions.queries import DecisionShown
from pooling.committees.decisions.schemas import LONGEST_OUTCOME
from pooling.committees.invitations.choosing import person_meant
from pooling.committees.page import CommitteePage
from pooling.kernel.errors import Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.web.forms import PostedForm, Redisplay
from pooling.web.layout import redirect


def _settling(state: DecisionState, field: str, done: str) -> Any:  # noqa: ANN401 - a handler
    """Ends a decision so, with what is said in the field."""

    async def settle(
        request: Request[Any, Any, Any],
        session: SessionHere,
        caller: CallerHere,
        form: PostedForm,
        committee_id: FromPath[int],
        number: FromPath[int],
    ) -> Response[Any]:
        frame, shown = await _followed(request, session, caller, committee_id, number)
        outcome = form.lines(field, longest=LONGEST_OUTCOME)
        with form.redisplayed():
            form.check()
            await settle_decision(session, caller, committee_id, number, state, outcome, frame.now)
        if form.has_errors:
            form.errors = {field: " ".join(form.errors.values())}
            raise Redisplay(await decision_page(request, session, caller, frame, shown, form))
        return redirect(request, decision_url(frame, number), done=done)

    return settle


async def _followed(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int, number: int
) -> tuple[CommitteePage, DecisionShown]:
    """The decision, for who follows it up.

    Raises:
        NotFound: there is none, or the caller may not read it (yet).
        Forbidden: the caller is neither its owner nor manages committees.
    """
    frame, shown = await framed(request, session, caller, committee_id, number)
    if not may_follow(caller, shown.decision):
        raise Forbidden
    return frame, shown


do_done = post(f"{DECISION}/realisation", right=Right.SEE_GROUP)(
    _settling(DecisionState.DONE, "outcome", "La décision est faite.")
)
do_dropped = post(f"{DECISION}/abandon", right=Right.SEE_GROUP)(
    _settling(DecisionState.DROPPED, "why", "La décision est abandonnée.")
)


@post(f"{DECISION}/reouverture", right=Right.SEE_GROUP)
async def do_reopened(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, _ = await framed(request, session, caller, committee_id, number)
    await reopen_decision(session, caller, committee_id, number, frame.now)
    return redirect(request, decision_url(frame, number), done="La décision est de nouveau à suivre.")


@post(f"{DECISION}/echeance", right=Right.SEE_GROUP)
async def do_rescheduled(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, shown = await _followed(request, session, caller, committee_id, number)
    due_on, reason = form.date("due_on"), form.lines("reason", longest=LONGEST_OUTCOME)
    today = frame.now.astimezone(frame.zone).date()
    with form.redisplayed():
        form.check()
        await reschedule_decision(session, caller, committee_id, number, due_on, frame.now, today=today, reason=reason)
    if form.has_errors:
        raise Redisplay(await decision_page(request, session, caller, frame, shown, form))
    return redirect(request, decision_url(frame, number), done="L’échéance est changée.")


@post(f"{DECISION}/responsable", right=Right.MANAGE_COMMITTEES)
async def do_handed_over(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, shown = await framed(request, session, caller, committee_id, number)
    owner = await person_meant(session, form, "owner")
    with form.redisplayed():
        form.check()
        await hand_over_decision(session, caller, committee_id, number, owner.person_id, frame.now)
    if form.has_errors:
        raise Redisplay(await decision_page(request, session, caller, frame, shown, form, owner.offered))
    return redirect(request, decision_url(frame, number), done="Le responsable est changé.")


ROUTES = [do_done, do_dropped, do_reopened, do_rescheduled, do_handed_over]

"""Following a decision up, from its page: done, dropped, more time, another owner, taken up again."""

from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath

from pooling.committees.choosing import whom
from pooling.committees.decision_pages import DECISION, decision_page, framed
from pooling.committees.decision_schemas import LONGEST_OUTCOME
from pooling.committees.following import (
    hand_over_decision,
    may_follow,
    reopen_decision,
    reschedule_decision,
    settle_decision,
)
from pooling.committees.models import DecisionState
from pooling.kernel.errors import Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.forms import PostedForm, Redisplay
from pooling.web.layout import redirect


async def _settle(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    decision: tuple[int, int],
    state: DecisionState,
) -> Response[Any]:
    frame, shown = await framed(request, session, caller, *decision)
    if not may_follow(caller, shown.decision):
        raise Forbidden
    field = "outcome" if state is DecisionState.DONE else "why"
    outcome = form.text(field, longest=LONGEST_OUTCOME)
    with form.redisplayed():
        form.check()
        await settle_decision(session, caller, *decision, state, outcome, frame.now)
    if form.has_errors:
        if "outcome" in form.errors and field == "why":
            form.errors["why"] = form.errors.pop("outcome")
        raise Redisplay(await decision_page(request, session, caller, frame, shown, form))
    done = "La décision est faite." if state is DecisionState.DONE else "La décision est abandonnée."
    return redirect(request, f"{frame.url}/decisions/{decision[1]}", done=done)


@post(f"{DECISION}/realisation", right=Right.SEE_GROUP)
async def do_done(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    return await _settle(request, session, caller, form, (committee_id, number), DecisionState.DONE)


@post(f"{DECISION}/abandon", right=Right.SEE_GROUP)
async def do_dropped(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    return await _settle(request, session, caller, form, (committee_id, number), DecisionState.DROPPED)


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
    return redirect(request, f"{frame.url}/decisions/{number}", done="La décision est de nouveau à suivre.")


@post(f"{DECISION}/echeance", right=Right.SEE_GROUP)
async def do_rescheduled(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, shown = await framed(request, session, caller, committee_id, number)
    if not may_follow(caller, shown.decision):
        raise Forbidden
    due_on, reason = form.date("due_on"), form.text("reason", longest=LONGEST_OUTCOME)
    today = frame.now.astimezone(frame.zone).date()
    with form.redisplayed():
        form.check()
        await reschedule_decision(session, caller, committee_id, number, due_on, frame.now, today=today, reason=reason)
    if form.has_errors:
        raise Redisplay(await decision_page(request, session, caller, frame, shown, form))
    return redirect(request, f"{frame.url}/decisions/{number}", done="L’échéance est changée.")


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
    owner = await whom(session, form, "owner")
    with form.redisplayed():
        form.check()
        await hand_over_decision(session, caller, committee_id, number, owner.person_id, frame.now)
    if form.has_errors:
        raise Redisplay(await decision_page(request, session, caller, frame, shown, form, owner.offered))
    return redirect(request, f"{frame.url}/decisions/{number}", done="Le responsable est changé.")


ROUTES = [do_done, do_dropped, do_reopened, do_rescheduled, do_handed_over]

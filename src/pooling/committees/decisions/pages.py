"""A decision: taken down while the minutes are written, corrected, removed; then read and followed up."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.carrying_out import may_apply
from pooling.committees.decisions.following_up import may_follow
from pooling.committees.decisions.form import decision_form, read_decision
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.queries import DecisionShown, decisions_listed, events_of, find_decision
from pooling.committees.decisions.recording import add_decision, change_decision, remove_decision
from pooling.committees.decisions.words import decision_called, due_words, effect_done
from pooling.committees.invitations.choosing import FoundPerson, people_offered, person_field, person_meant
from pooling.committees.page import TAB, CommitteePage, committee_page, written_committee
from pooling.kernel.errors import Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.features import features_for
from pooling.members.rights import Caller, Right
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render

DECISION = "/comites/{committee_id:int}/decisions/{number:int}"


@get("/comites/{committee_id:int}/decisions/nouvelle", right=Right.SEE_GROUP)
async def ask_decision(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await written_committee(request, session, caller, committee_id)
    return await _form_page(request, session, frame, Form())


@post("/comites/{committee_id:int}/decisions/nouvelle", right=Right.SEE_GROUP)
async def do_decision(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    owner = await person_meant(session, form, "owner")
    with form.redisplayed():
        command = await read_decision(session, form, owner.person_id)
        decision = await add_decision(session, caller, committee_id, command, frame.now, insistence=form.insistence())
    if form.has_errors:
        raise Redisplay(await _form_page(request, session, frame, form, owner.offered))
    if form.value("then") == "effect" and command.about:
        return redirect(request, f"{decision_url(frame, decision.number)}/effet")
    return redirect(request, f"{frame.url}{TAB}#decisions", done="La décision est consignée.")


async def _form_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    form: Form,
    found: Sequence[FoundPerson] = (),
    shown: DecisionShown | None = None,
) -> Response[str]:
    label = f"Décision n°\u00a0{shown.decision.number}" if shown else "Nouvelle décision"
    own = decision_url(frame, shown.decision.number) if shown else None
    return render(
        request,
        "committees/decision_form.html",
        breadcrumb=[*_above(frame), Link(label, None)],
        form=form,
        frame=frame,
        label=label,
        offered=people_offered(found),
        subjects=await features_for(session).subjects.choices(session, form, shown.subject if shown else None),
        url=f"{own}/modification" if own else f"{frame.url}/decisions/nouvelle",
        back=own or frame.url + TAB,
    )


def decision_url(frame: CommitteePage, number: int) -> str:
    return f"{frame.url}/decisions/{number}"


def crumbs(frame: CommitteePage, number: int, label: str) -> list[Link]:
    """The breadcrumb of a page below a decision's own."""
    return [*_above(frame), Link(f"Décision n°\u00a0{number}", decision_url(frame, number)), Link(label, None)]


def _above(frame: CommitteePage) -> list[Link]:
    *above, _ = frame.crumbs("Compte-rendu")
    return [*above, Link("Compte-rendu", frame.url + TAB)]


@get(DECISION, right=Right.SEE_GROUP)
async def show_decision(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[str]:
    frame, shown = await framed(request, session, caller, committee_id, number)
    return await decision_page(request, session, caller, frame, shown, Form())


async def framed(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int, number: int
) -> tuple[CommitteePage, DecisionShown]:
    """A decision and its committee, for who may read it.

    Raises:
        NotFound: there is none, or the caller may not read it (yet).
    """
    frame = await committee_page(request, session, caller, committee_id)
    return frame, await find_decision(session, caller, committee_id, number)


async def decision_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    frame: CommitteePage,
    shown: DecisionShown,
    form: Form,
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    decision, acts = shown.decision, features_for(session).acts
    today = frame.now.astimezone(frame.zone).date()
    if decision.due_on and "due_on" not in form.values:
        form.values["due_on"] = decision.due_on.isoformat()
    if "owner" not in form.values and frame.manages and shown.owner_here:
        form.values |= await person_field(session, decision.owner_id, "owner")
    return render(
        request,
        "committees/decision.html",
        breadcrumb=[*_above(frame), Link(f"Décision n°\u00a0{decision.number}", None)],
        form=form,
        frame=frame,
        shown=shown,
        name=decision_called(decision.number, frame.committee.local_start),
        url=decision_url(frame, decision.number),
        offered=people_offered(found),
        events=[(effect_done(event, acts.values()), event.at) for event in await events_of(session, decision.id)],
        kind=features_for(session).subjects[shown.subject.kind] if shown.subject else None,
        act_word=acts[decision.act].label if decision.act in acts else None,
        late=decision.due_on is not None and decision.due_on < today and decision.state == DecisionState.OPEN,
        due=due_words(decision.due_on, today) if decision.due_on else "",
        follows=may_follow(caller, decision),
        applies=decision.act in acts
        and decision.acted_at is None
        and decision.state != DecisionState.DROPPED
        and may_apply(session, caller, frame.committee, decision),
        corrects=frame.writes and frame.is_writable and decision.acted_at is None,
        **await decisions_listed(session, [shown]),
    )


@get(f"{DECISION}/modification", right=Right.SEE_GROUP)
async def ask_correction(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[str]:
    frame, shown = await written_decision(request, session, caller, committee_id, number)
    form = decision_form(shown.decision, await person_field(session, shown.decision.owner_id, "owner"))
    return await _form_page(request, session, frame, form, shown=shown)


async def written_decision(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int, number: int
) -> tuple[CommitteePage, DecisionShown]:
    """The same, for who writes the minutes.

    Raises:
        NotFound: there is none, or the caller may not read it (yet).
        Forbidden: the caller does not write the minutes.
    """
    frame, shown = await framed(request, session, caller, committee_id, number)
    if not frame.writes:
        raise Forbidden
    return frame, shown


@post(f"{DECISION}/modification", right=Right.SEE_GROUP)
async def do_correction(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, shown = await written_decision(request, session, caller, committee_id, number)
    owner = await person_meant(session, form, "owner")
    with form.redisplayed():
        command = await read_decision(session, form, owner.person_id)
        await change_decision(session, caller, committee_id, number, command, frame.now, insistence=form.insistence())
    if form.has_errors:
        raise Redisplay(await _form_page(request, session, frame, form, owner.offered, shown))
    url = decision_url(frame, number)
    if form.value("then") == "effect" and command.about:
        return redirect(request, f"{url}/effet")
    return redirect(request, url, done="La décision est corrigée.")


@get(f"{DECISION}/suppression", right=Right.SEE_GROUP)
async def ask_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[str]:
    frame, shown = await written_decision(request, session, caller, committee_id, number)
    url = decision_url(frame, number)
    return render(
        request,
        "confirm_page.html",
        breadcrumb=crumbs(frame, number, "Retirer"),
        form=Form(),
        question=f"Retirer la décision n°\u00a0{number} ?",
        consequences=[
            f"« {shown.decision.content} »",
            "Elle ne figurera pas dans le compte-rendu. Les autres décisions gardent leur numéro.",
        ],
        action_url=f"{url}/suppression",
        action_label="Retirer la décision",
        cancel_url=url,
        danger=True,
    )


@post(f"{DECISION}/suppression", right=Right.SEE_GROUP)
async def do_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, _ = await written_decision(request, session, caller, committee_id, number)
    await remove_decision(session, caller, committee_id, number, frame.now)
    return redirect(request, f"{frame.url}{TAB}#decisions", done="La décision est retirée.")


ROUTES = [
    ask_decision,
    do_decision,
    show_decision,
    ask_correction,
    do_correction,
    ask_removal,
    do_removal,
]

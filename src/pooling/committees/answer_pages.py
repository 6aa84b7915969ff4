"""Answering an invitation, from the page that its mails lead to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.answers import NOT_INVITED, answer_invitation, mandates
from pooling.committees.choosing import Found, among_invited, choose
from pooling.committees.frame import CommitteeFrame, committee_frame
from pooling.committees.models import Answer
from pooling.committees.people_queries import Invited, invited_person
from pooling.committees.queries import agendas_of
from pooling.committees.words import CHOICES, own_answer
from pooling.kernel.errors import Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render

NOBODY = "Personne parmi les invités ne porte ce nom : tapez le prénom et le nom, ou l’adresse électronique."


@get("/comites/{committee_id:int}/reponse", right=Right.SEE_GROUP)
async def ask_answer(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await committee_frame(request, session, caller, committee_id)
    own = await invited_person(session, committee_id, caller.person_id)
    form = form_of({"answer": own.answer if own else "", "proxy": own.proxy if own else ""})
    return await _page(request, session, caller, frame, form)


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    frame: CommitteeFrame,
    form: Form,
    offered: Sequence[Found] = (),
) -> Response[str]:
    committee = frame.committee
    own: Invited | None = await invited_person(session, committee.id, caller.person_id)
    return render(
        request,
        "committees/answer.html",
        breadcrumb=frame.under("Votre réponse"),
        tabs=frame.tabs(""),
        form=form,
        frame=frame,
        heading="Votre réponse",
        own=own,
        own_answer=own_answer(own.answer, own.proxy) if own and own.answer else None,
        held=await mandates(session, committee.id, holder_id=caller.person_id),
        agenda=(await agendas_of(session, [committee.id]))[committee.id],
        choices=CHOICES,
        offered=[(str(one.person_id), one.name, one.function or None) for one in offered],
    )


@post("/comites/{committee_id:int}/reponse", right=Right.SEE_GROUP)
async def do_answer(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await committee_frame(request, session, caller, committee_id)
    if await invited_person(session, committee_id, caller.person_id) is None:
        raise Forbidden(NOT_INVITED)
    typed = form.choice("answer", [value for value, *_ in CHOICES])
    proxy_id: int | None = None
    offered: Sequence[Found] = ()
    if typed == Answer.PROXY:
        name = form.text("proxy", required="Indiquez la personne à qui vous donnez pouvoir.")
        if name:
            found = await among_invited(session, committee_id, name)
            chosen = choose(form, "proxy", found, nobody=NOBODY)
            proxy_id, offered = chosen.person_id, chosen.offered
    with form.redisplayed():
        form.check()
        clock = request.app.state.clock
        seen = _seen(form.value("seen"))
        await answer_invitation(session, caller, committee_id, Answer(typed), clock, proxy_id=proxy_id, seen=seen)
    if form.has_errors:
        raise Redisplay(await _page(request, session, caller, frame, form, offered))
    own = await invited_person(session, committee_id, caller.person_id)
    assert own is not None, "it has just answered"
    said = own_answer(own.answer, own.proxy)
    return redirect(request, frame.url, done=f"Votre réponse est enregistrée : {said}.")


def _seen(typed: str) -> datetime | None:
    """The date that the page showed."""
    try:
        seen = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return seen if seen.tzinfo else None


ROUTES = [ask_answer, do_answer]

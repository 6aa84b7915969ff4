"""Answering an invitation, from the page that its mails lead to; writing down what somebody said by phone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.invitations.answering import NOT_INVITED, answer_invitation, mandates, note_answer
from pooling.committees.invitations.choosing import Chosen, FoundPerson, among_invited, choose_person, people_offered
from pooling.committees.models import Answer
from pooling.committees.page import CommitteePage, committee_page, written_committee
from pooling.committees.people import Invited, invited_person
from pooling.committees.queries import agendas_of
from pooling.committees.words import CHOICES, NOTED_CHOICES, noted_answer, own_answer
from pooling.kernel.errors import Forbidden, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render
from pooling.web.services import services_of

NOBODY = "Personne parmi les invités ne porte ce nom : tapez le prénom et le nom, ou l’adresse électronique."


@get("/comites/{committee_id:int}/reponse", right=Right.SEE_GROUP)
async def ask_answer(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await committee_page(request, session, caller, committee_id)
    own = await invited_person(session, committee_id, caller.person_id)
    form = form_of({"answer": own.answer if own else "", "proxy": own.proxy if own else ""})
    return await _page(request, session, caller, frame, form)


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    frame: CommitteePage,
    form: Form,
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    committee = frame.committee
    own: Invited | None = await invited_person(session, committee.id, caller.person_id)
    return render(
        request,
        "committees/answer.html",
        breadcrumb=frame.crumbs("Votre réponse"),
        tabs=frame.tabs(""),
        form=form,
        frame=frame,
        heading="Votre réponse",
        own=own,
        own_answer=own_answer(own.answer, own.proxy) if own and own.answer else None,
        held=await mandates(session, committee.id, holder_id=caller.person_id),
        agenda=(await agendas_of(session, [committee.id]))[committee.id],
        choices=CHOICES,
        offered=people_offered(found),
    )


@post("/comites/{committee_id:int}/reponse", right=Right.SEE_GROUP)
async def do_answer(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await committee_page(request, session, caller, committee_id)
    if await invited_person(session, committee_id, caller.person_id) is None:
        raise Forbidden(NOT_INVITED)
    typed, proxy = await _read_answer(session, form, committee_id)
    with form.redisplayed():
        form.check()
        clock = services_of(request).clock
        seen = _seen(form.value("seen"))
        await answer_invitation(
            session, caller, committee_id, Answer(typed), clock, proxy_id=proxy.person_id, seen=seen
        )
    if form.has_errors:
        raise Redisplay(await _page(request, session, caller, frame, form, proxy.offered))
    own = await invited_person(session, committee_id, caller.person_id)
    assert own is not None, "it has just answered"
    said = own_answer(own.answer, own.proxy)
    return redirect(request, frame.url, done=f"Votre réponse est enregistrée : {said}.")


async def _read_answer(session: AsyncSession, form: Form, committee_id: int) -> tuple[str, Chosen]:
    """What was ticked, and who was meant to hold the proxy."""
    typed = form.choice("answer", [value for value, *_ in CHOICES])
    name = form.text("proxy", required="Indiquez la personne qui reçoit le pouvoir.") if typed == Answer.PROXY else ""
    if not name:
        return typed, Chosen()
    return typed, choose_person(form, "proxy", await among_invited(session, committee_id, name), nobody=NOBODY)


def _seen(typed: str) -> datetime | None:
    """The date that the page showed."""
    try:
        seen = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return seen if seen.tzinfo else None


@get("/comites/{committee_id:int}/personnes/{person_id:int}/reponse", right=Right.SEE_GROUP)
async def ask_noted_answer(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    person_id: FromPath[int],
) -> Response[str]:
    frame, invited = await _invited(request, session, caller, committee_id, person_id)
    form = form_of({"answer": invited.answer or "", "proxy": invited.proxy or ""})
    return _note_page(request, frame, invited, form)


async def _invited(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int, person_id: int
) -> tuple[CommitteePage, Invited]:
    """Whose answer the caller is about to write down.

    Raises:
        Forbidden: the caller neither manages committees nor is its secretary.
        NotFound: there is no such committee, or that person is not invited.
    """
    frame = await written_committee(request, session, caller, committee_id)
    invited = await invited_person(session, committee_id, person_id)
    if invited is None:
        raise NotFound
    return frame, invited


def _note_page(
    request: Request[Any, Any, Any],
    frame: CommitteePage,
    invited: Invited,
    form: Form,
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    return render(
        request,
        "committees/note_answer.html",
        breadcrumb=frame.crumbs("Noter une réponse"),
        tabs=frame.tabs("/personnes"),
        form=form,
        frame=frame,
        heading=f"Noter une réponse : {invited.name}",
        url=f"{frame.url}/personnes/{invited.person_id}/reponse",
        back_url=_list_of(frame),
        choices=NOTED_CHOICES,
        offered=people_offered(found),
    )


def _list_of(frame: CommitteePage) -> str:
    """The sheet while it is open, before that the list of those invited."""
    return frame.url + ("/presence" if frame.ticking else "/personnes")


@post("/comites/{committee_id:int}/personnes/{person_id:int}/reponse", right=Right.SEE_GROUP)
async def do_note_answer(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    person_id: FromPath[int],
) -> Response[Any]:
    frame, invited = await _invited(request, session, caller, committee_id, person_id)
    typed, proxy = await _read_answer(session, form, committee_id)
    with form.redisplayed():
        form.check()
        clock = services_of(request).clock
        await note_answer(session, caller, committee_id, person_id, Answer(typed), clock, proxy_id=proxy.person_id)
    if form.has_errors:
        raise Redisplay(_note_page(request, frame, invited, form, proxy.offered))
    now = await invited_person(session, committee_id, person_id)
    assert now is not None, "its answer was just noted"
    return redirect(request, _list_of(frame), done=f"C’est noté : {noted_answer(now.name, now.answer, now.proxy)}.")


ROUTES = [ask_answer, do_answer, ask_noted_answer, do_note_answer]

"""Answering an invitation, from the page that its mails lead to; writing down what somebody said by phone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.committees.invitations.answering import answer_invitation, mandates, note_answer
from pooling.committees.invitations.choosing import Chosen, FoundPerson, among_invited, choose_person, people_offered
from pooling.committees.invitations.page import OwnInvitationPage
from pooling.committees.invitations.permissions import may_answer
from pooling.committees.models import Answer
from pooling.committees.page import CommitteePage
from pooling.committees.people import Invited, invited_person
from pooling.committees.permissions import may_write_minutes
from pooling.committees.queries import agendas_of
from pooling.committees.words import CHOICES, NOTED_CHOICES, noted_answer, own_answer
from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, form_of

OWN = "/comites/{committee_id:int}/reponse"
NOBODY = "Personne parmi les invités ne porte ce nom : tapez le prénom et le nom, ou l’adresse électronique."


@get(OWN, right=Right.SEE_GROUP)
async def ask_answer(here: Here[OwnInvitationPage]) -> Response[str]:
    own = here.own
    return await _page(here, form_of({"answer": own.answer if own else "", "proxy": own.proxy if own else ""}))


async def _page(here: OwnInvitationPage, form: Form, found: Sequence[FoundPerson] = ()) -> Response[str]:
    committee, own = here.committee, here.own
    return here.render(
        "committees/answer.html",
        "Votre réponse",
        tabs=here.tabs(""),
        form=form,
        heading="Votre réponse",
        own_answer=own_answer(own.answer, own.proxy) if own and own.answer else None,
        held=await mandates(here.session, committee.id, holder_id=here.caller.person_id),
        agenda=(await agendas_of(here.session, [committee.id]))[committee.id],
        choices=CHOICES,
        offered=people_offered(found),
    )


@post(OWN, right=may_answer)
async def do_answer(here: Here[OwnInvitationPage], form: PostedForm) -> Response[Any]:
    typed, proxy = await _read_answer(here, form)
    seen = _seen(form.value("seen"))
    async with form.submitted(lambda: _page(here, form, proxy.offered)):
        await answer_invitation(
            here.session, here.caller, here.committee.id, Answer(typed), here.clock, proxy_id=proxy.person_id, seen=seen
        )
    own = await invited_person(here.session, here.committee.id, here.caller.person_id)
    assert own is not None, "it has just answered"
    return here.redirect(done=f"Votre réponse est enregistrée : {own_answer(own.answer, own.proxy)}.")


async def _read_answer(here: CommitteePage, form: Form) -> tuple[str, Chosen]:
    """What was ticked, and who was meant to hold the proxy."""
    typed = form.choice("answer", [value for value, *_ in CHOICES])
    name = form.text("proxy", required="Indiquez la personne qui reçoit le pouvoir.") if typed == Answer.PROXY else ""
    if not name:
        return typed, Chosen()
    return typed, choose_person(
        form, "proxy", await among_invited(here.session, here.committee.id, name), nobody=NOBODY
    )


def _seen(typed: str) -> datetime | None:
    """The date that the page showed."""
    try:
        seen = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return seen if seen.tzinfo else None


@get("/comites/{committee_id:int}/personnes/{person_id:int}/reponse", right=may_write_minutes)
async def ask_noted_answer(here: Here[CommitteePage], person_id: FromPath[int]) -> Response[str]:
    invited = await _invited(here, person_id)
    form = form_of({"answer": invited.answer or "", "proxy": invited.proxy or ""})
    return await _note_page(here, invited, form)


async def _invited(here: CommitteePage, person_id: int) -> Invited:
    """Whose answer the caller is about to write down.

    Raises:
        NotFound: that person is not invited.
    """
    invited = await invited_person(here.session, here.committee.id, person_id)
    if invited is None:
        raise NotFound
    return invited


async def _note_page(
    here: CommitteePage,
    invited: Invited,
    form: Form,
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    return here.render(
        "committees/note_answer.html",
        "Noter une réponse",
        tabs=here.tabs("/personnes"),
        form=form,
        heading=f"Noter une réponse : {invited.name}",
        url=f"{here.url}/personnes/{invited.person_id}/reponse",
        back_url=here.url + _list_of(here),
        choices=NOTED_CHOICES,
        offered=people_offered(found),
    )


def _list_of(here: CommitteePage) -> str:
    """The sheet while it is open, before that the list of those invited."""
    return "/presence" if here.ticking else "/personnes"


@post("/comites/{committee_id:int}/personnes/{person_id:int}/reponse", right=may_write_minutes)
async def do_note_answer(here: Here[CommitteePage], form: PostedForm, person_id: FromPath[int]) -> Response[Any]:
    invited = await _invited(here, person_id)
    typed, proxy = await _read_answer(here, form)
    async with form.submitted(lambda: _note_page(here, invited, form, proxy.offered)):
        await note_answer(
            here.session, here.caller, here.committee.id, person_id, Answer(typed), here.clock, proxy_id=proxy.person_id
        )
    now = await invited_person(here.session, here.committee.id, person_id)
    assert now is not None, "its answer was just noted"
    return here.redirect(_list_of(here), done=f"C’est noté : {noted_answer(now.name, now.answer, now.proxy)}.")


ROUTES = [ask_answer, do_answer, ask_noted_answer, do_note_answer]

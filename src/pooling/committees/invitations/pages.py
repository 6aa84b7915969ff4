"""Who is invited to a committee and what they answered; inviting and taking off."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.invitations.choosing import Chosen, FoundPerson, choose_person, people_offered, to_invite
from pooling.committees.invitations.guests import guests_of
from pooling.committees.invitations.inviting import invite_to_committee, uninvite_from_committee
from pooling.committees.models import Answer
from pooling.committees.page import CommitteePage, committee_page, managed_committee
from pooling.committees.people import Counts, count_people, invited_page, invited_person
from pooling.committees.words import ANSWER_TAGS, ANSWER_WORDS, INVITED_ROLES
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.cursors import pages_after, unpack_key
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render
from pooling.web.typography import plural

PATH = "/personnes"
FILTERS = {"oui": Answer.YES, "non": Answer.NO, "pouvoir": Answer.PROXY, "sans": "none"}
CAPTIONS = {
    "oui": "qui viennent",
    "non": "qui ne viennent pas",
    "pouvoir": "qui donnent pouvoir",
    "sans": "sans réponse",
}
NOBODY = "Personne de ce nom n’est dans le groupe sans être déjà invité : vérifiez le nom, ou tapez l’adresse."


@get("/comites/{committee_id:int}/personnes", right=Right.SEE_GROUP)
async def show_people(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    cherche: FromQuery[str] = "",
    reponse: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    frame = await committee_page(request, session, caller, committee_id)
    search = {"cherche": cherche[:200], "reponse": reponse if reponse in FILTERS else "", "apres": apres}
    return await _page(request, session, frame, form_of({"cherche": search["cherche"]}), search=search)


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    form: Form,
    *,
    search: dict[str, str] | None = None,
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    search = search or {"cherche": "", "reponse": "", "apres": ""}
    people, next_key = await invited_page(
        session,
        frame.committee,
        frame.now,
        search=search["cherche"],
        answer=FILTERS.get(search["reponse"], ""),
        after=unpack_key(search["apres"]),
    )
    counts = await count_people(session, frame.committee, frame.now)
    url = frame.url + PATH
    return render(
        request,
        "committees/people.html",
        breadcrumb=frame.crumbs("Personnes"),
        tabs=frame.tabs(PATH),
        form=form,
        frame=frame,
        heading="Personnes",
        url=url,
        people=people,
        counts=counts,
        guests=await guests_of(session, frame.committee.id),
        answers=_answers(counts),
        words=ANSWER_WORDS,
        tags=ANSWER_TAGS,
        caption="Personnes invitées" + (f" : {CAPTIONS[search['reponse']]}" if search["reponse"] else ""),
        searched=search["cherche"],
        filtered=search["reponse"],
        offered=people_offered(found),
        roles=[(str(role), label) for role, label in INVITED_ROLES],
        standing=_standing(frame) if frame.to_come else "",
        inviting=frame.manages and frame.to_come,
        **pages_after(url, search["apres"], next_key, {name: search[name] for name in ("cherche", "reponse")}),
    )


def _standing(frame: CommitteePage) -> str:
    """Those whom their role invites, in words."""
    roles = frame.committee.invited_roles
    return ", ".join(label[0].lower() + label[1:] for role, label in INVITED_ROLES if str(role) in roles)


def _answers(counts: Counts) -> list[tuple[str, str, int]]:
    """How many of each answer, as (filter, words, count)."""
    found = (
        ("oui", Answer.YES, counts.yes),
        ("non", Answer.NO, counts.no),
        ("pouvoir", Answer.PROXY, counts.proxy),
        ("sans", None, counts.silent),
    )
    return [(value, ANSWER_WORDS[answer], count) for value, answer, count in found]


@post("/comites/{committee_id:int}/invitations", right=Right.MANAGE_COMMITTEES)
async def do_invite(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    """One person, by name or address."""
    frame = await managed_committee(request, session, caller, committee_id)
    typed = form.text("person", required="Tapez le nom ou l’adresse de la personne à inviter.")
    chosen = Chosen()
    if typed:
        chosen = choose_person(form, "person", await to_invite(session, committee_id, typed), nobody=NOBODY)
    person_id = chosen.person_id
    if form.has_errors or person_id is None:
        raise Redisplay(await _page(request, session, frame, form, found=chosen.offered))
    await invite_to_committee(session, caller, committee_id, frame.now, people=[person_id])
    added = await invited_person(session, committee_id, person_id)
    done = f"{added.name if added else 'La personne'} : invitation enregistrée. Les relances à venir lui parviendront."
    return redirect(request, frame.url + PATH, done=done)


@post("/comites/{committee_id:int}/invitations/roles", right=Right.MANAGE_COMMITTEES)
async def do_invite_roles(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    """Everybody who holds one of these roles, now or by the time the committee meets."""
    frame = await managed_committee(request, session, caller, committee_id)
    known = {str(role): role for role, _ in INVITED_ROLES}
    roles = [known[role] for role in form.all("roles") if role in known]
    if not roles:
        form.refuse("roles", "Cochez au moins un rôle.")
        raise Redisplay(await _page(request, session, frame, form))
    added = await invite_to_committee(session, caller, committee_id, frame.now, roles=roles)
    done = (
        f"{plural(added, 'personne invitée', 'personnes invitées')} de plus." if added else "Tous étaient déjà invités."
    )
    return redirect(request, frame.url + PATH, done=done)


@post("/comites/{committee_id:int}/invitations/{person_id:int}/retrait", right=Right.MANAGE_COMMITTEES)
async def do_uninvite(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    person_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    if await invited_person(session, committee_id, person_id) is not None:
        await uninvite_from_committee(session, caller, committee_id, person_id, frame.now)
    return redirect(request, frame.url + PATH, done="L’invitation est retirée.")


ROUTES = [show_people, do_invite, do_invite_roles, do_uninvite]

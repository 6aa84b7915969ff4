"""Who is invited to a committee and what they answered; inviting and taking off."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.committees.invitations.choosing import Chosen, FoundPerson, choose_person, people_offered, to_invite
from pooling.committees.invitations.guests import guests_of
from pooling.committees.invitations.inviting import invite_to_committee, uninvite_from_committee
from pooling.committees.models import Answer
from pooling.committees.page import CommitteePage
from pooling.committees.people import Counts, count_people, invited_page, invited_person
from pooling.committees.words import ANSWER_TAGS, ANSWER_WORDS, INVITED_ROLES
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import number, plural

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
    here: Here[CommitteePage], cherche: FromQuery[str] = "", reponse: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    search = {"cherche": cherche[:200], "reponse": reponse if reponse in FILTERS else "", "apres": apres}
    return await _page(here, form_of({"cherche": search["cherche"]}), search=search)


async def _page(
    here: CommitteePage,
    form: Form,
    *,
    search: dict[str, str] | None = None,
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    search = search or {"cherche": "", "reponse": "", "apres": ""}
    people = await invited_page(
        here.session,
        here.committee,
        here.now,
        Slice(search["apres"]),
        search=search["cherche"],
        answer=FILTERS.get(search["reponse"], ""),
    )
    counts = await count_people(here.session, here.committee, here.now)
    answers = _answers(counts)
    url = here.url + PATH
    return here.render(
        "committees/people.html",
        "Personnes",
        tabs=here.tabs(PATH),
        form=form,
        heading="Personnes",
        url=url,
        people=people.items,
        counts=counts,
        guests=await guests_of(here.session, here.committee.id),
        answers=answers,
        shares=[
            {"label": word, "value": count, "text": f"{word}\u00a0: {number(count)}"} for _, word, count in answers
        ],
        words=ANSWER_WORDS,
        tags=ANSWER_TAGS,
        caption="Personnes invitées" + (f" : {CAPTIONS[search['reponse']]}" if search["reponse"] else ""),
        searched=search["cherche"],
        filtered=search["reponse"],
        offered=people_offered(found),
        roles=[(str(role), label) for role, label in INVITED_ROLES],
        standing=_standing(here) if here.to_come else "",
        inviting=here.manages and here.to_come,
        **pages_after(url, search["apres"], people, {name: search[name] for name in ("cherche", "reponse")}),
    )


def _standing(here: CommitteePage) -> str:
    """Those whom their role invites, in words."""
    roles = here.committee.invited_roles
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
async def do_invite(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    """One person, by name or address."""
    typed = form.text("person", required="Tapez le nom ou l’adresse de la personne à inviter.")
    chosen = Chosen()
    if typed:
        chosen = choose_person(form, "person", await to_invite(here.session, here.committee.id, typed), nobody=NOBODY)
    person_id = chosen.person_id or 0
    async with form.submitted(lambda: _page(here, form, found=chosen.offered)):
        await invite_to_committee(here.session, here.caller, here.committee.id, here.now, people=[person_id])
    added = await invited_person(here.session, here.committee.id, person_id)
    done = f"{added.name if added else 'La personne'} : invitation enregistrée. Les relances à venir lui parviendront."
    return here.redirect(PATH, done=done)


@post("/comites/{committee_id:int}/invitations/roles", right=Right.MANAGE_COMMITTEES)
async def do_invite_roles(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    """Everybody who holds one of these roles, now or by the time the committee meets."""
    known = {str(role): role for role, _ in INVITED_ROLES}
    roles = [known[role] for role in form.all("roles") if role in known]
    if not roles:
        form.refuse("roles", "Cochez au moins un rôle.")
    async with form.submitted(lambda: _page(here, form)):
        added = await invite_to_committee(here.session, here.caller, here.committee.id, here.now, roles=roles)
    done = (
        f"{plural(added, 'personne invitée', 'personnes invitées')} de plus." if added else "Tous étaient déjà invités."
    )
    return here.redirect(PATH, done=done)


@post("/comites/{committee_id:int}/invitations/{person_id:int}/retrait", right=Right.MANAGE_COMMITTEES)
async def do_uninvite(here: Here[CommitteePage], person_id: FromPath[int]) -> Response[Any]:
    if await invited_person(here.session, here.committee.id, person_id) is not None:
        await uninvite_from_committee(here.session, here.caller, here.committee.id, person_id, here.now)
    return here.redirect(PATH, done="L’invitation est retirée.")


ROUTES = [show_people, do_invite, do_invite_roles, do_uninvite]

"""Correcting the address of somebody of the group, or proposing another."""

from typing import Any

from litestar import Response, get, post

from pooling.accounts.freshness import fresh_sign_in
from pooling.mail_addresses import why_wrong
from pooling.members.group_page import Here
from pooling.members.person_page import PersonPage
from pooling.members.readdressing import correct_address, is_ours_alone
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm

PATH = "/personnes/{person_id:int}/adresse"


@get(PATH, right=Right.MANAGE_MEMBERS)
async def ask_readdressing(here: Here[PersonPage]) -> Response[str]:
    return await _page(here, Form())


async def _page(here: PersonPage, form: Form) -> Response[str]:
    return here.render(
        "members/readdressing.html",
        "Adresse",
        form=form,
        at_once=await is_ours_alone(here.session, here.person.id),
        why=why_wrong(here.person.email),
    )


@post(PATH, right=Right.MANAGE_MEMBERS, guards=[fresh_sign_in])
async def do_readdressing(here: Here[PersonPage], form: PostedForm) -> Response[Any]:
    email = form.email("email")
    async with form.submitted(lambda: _page(here, form)):
        at_once = await correct_address(here.session, here.caller, here.person.id, email, here.sender, here.context)
    done = "L’adresse est corrigée" if at_once else "Rien n’a changé encore : c’est à cette personne de confirmer"
    mailed = f"l’invitation repart à {email}" if at_once else "un courriel part à ses deux adresses"
    return here.redirect(done=done, mailed=mailed, rings="deliver")


ROUTES = [ask_readdressing, do_readdressing]

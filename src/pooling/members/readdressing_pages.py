"""Correcting the address of somebody of the group, or proposing another."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.freshness import fresh_sign_in
from pooling.accounts.sessions import EnteredGroup
from pooling.mail_addresses import why_wrong
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.page_parts import context_of, crumbs, sender_of
from pooling.members.people_queries import find_person
from pooling.members.readdressing import correct_address, is_ours_alone
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.services import services_of


@get("/personnes/{person_id:int}/adresse", right=Right.MANAGE_MEMBERS)
async def ask_readdressing(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    person_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    return await _page(request, session, entered_group, person_id, Form())


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, group: EnteredGroup, person_id: int, form: Form
) -> Response[str]:
    person = await find_person(session, person_id)
    here = (person.name, f"/personnes/{person.id}")
    return render(
        request,
        "members/readdressing.html",
        breadcrumb=crumbs(group, ("Membres", "/membres"), ("Personnes", "/personnes"), here, ("Adresse", None)),
        form=form,
        person=person,
        at_once=await is_ours_alone(session, person_id),
        why=why_wrong(person.email),
        base=f"/g/{group.slug}",
        url=f"/g/{group.slug}/personnes/{person.id}",
    )


@post("/personnes/{person_id:int}/adresse", right=Right.MANAGE_MEMBERS, guards=[fresh_sign_in])
async def do_readdressing(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    person_id: FromPath[int],
) -> Response[Any]:
    email, at_once = form.email("email"), False
    if not form.has_errors:
        with form.redisplayed():
            context = context_of(request, entered_group)
            at_once = await correct_address(session, caller, person_id, email, sender_of(request), context)
    if form.has_errors:
        raise Redisplay(await _page(request, session, entered_group, person_id, form))
    done = "L’adresse est corrigée" if at_once else "Rien n’a changé encore : c’est à cette personne de confirmer"
    mailed = f"l’invitation repart à {email}" if at_once else "un courriel part à ses deux adresses"
    answer = redirect(request, f"/g/{entered_group.slug}/personnes/{person_id}", done=done, mailed=mailed)
    answer.background = BackgroundTask(services_of(request).bell.ring, "deliver")
    return answer


ROUTES = [ask_readdressing, do_readdressing]

"""Naming and removing the lead buyers of a purchase."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.features import features_of
from pooling.members.page_parts import NAME_NEEDED, context_of, sender_of
from pooling.members.people_queries import find_person
from pooling.members.rights import Caller, Right
from pooling.purchases.buyers import buyers_of, name_buyer, remove_buyer
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

SECTION = "/acheteurs"


async def _named(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str
) -> PurchasePage:
    """The frame of a purchase whose buyers the caller names.

    Raises:
        Forbidden: it does not.
    """
    frame = await purchase_page(request, session, caller, reference, SECTION)
    caller.require(Right.NAME_BUYERS, member_id=frame.purchase.lead_member_id)
    return frame


@get("/achats/{reference:str}/acheteurs", right=Right.NAME_BUYERS)
async def show_buyers(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _named(request, session, caller, reference)
    return await _page(request, session, frame, Form())


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchasePage, form: Form
) -> Response[str]:
    return render(
        request,
        "purchases/buyers.html",
        breadcrumb=[*frame.breadcrumb, Link("Acheteurs", None)],
        frame=frame,
        form=form,
        buyers=await buyers_of(session, frame.purchase.id),
    )


@post("/achats/{reference:str}/acheteurs", right=Right.NAME_BUYERS)
async def do_name(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _named(request, session, caller, reference)
    email, name = form.email("email"), form.text("name", required=NAME_NEEDED)
    function = form.text("function")
    if not form.has_errors:
        with form.redisplayed():
            sender, context = sender_of(request), context_of(request, frame.group)
            await name_buyer(session, caller, frame.purchase, email, name, function, sender, context)
    if form.has_errors:
        raise Redisplay(await _page(request, session, frame, form))
    return redirect(request, f"{frame.url}{SECTION}", done=f"{name} pilote cet achat ; un courriel part à {email}.")


@get("/achats/{reference:str}/acheteurs/{membership_id:int}/retrait", right=Right.NAME_BUYERS)
async def ask_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    membership_id: FromPath[int],
) -> Response[str]:
    frame = await _named(request, session, caller, reference)
    buyers = await buyers_of(session, frame.purchase.id)
    buyer = next((one for one in buyers if one.membership_id == membership_id), None)
    if buyer is None:
        raise NotFound
    consequences = [f"{buyer.name} ne pilote plus « {frame.purchase.title} », dès maintenant."]
    if len(buyers) == 1:
        consequences.append("Cet achat n’aura plus d’acheteur : nommez-en un autre pour qu’il puisse avancer.")
    person = await find_person(session, buyer.person_id)
    role = next(role for role in person.roles if role.id == membership_id)
    warnings = features_of(request).on_leaving
    consequences += await warnings(session, caller, frame.group, person, role, services_of(request).clock.now())
    return render(
        request,
        "confirm_page.html",
        breadcrumb=[*frame.breadcrumb, Link("Acheteurs", frame.url + SECTION), Link("Retirer", None)],
        question=f"Retirer {buyer.name} des acheteurs de cet achat ?",
        consequences=consequences,
        action_url=f"{frame.url}{SECTION}/{membership_id}/retrait",
        action_label="Retirer",
        cancel_url=frame.url + SECTION,
        danger=True,
    )


@post("/achats/{reference:str}/acheteurs/{membership_id:int}/retrait", right=Right.NAME_BUYERS)
async def do_removal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    reference: FromPath[str],
    membership_id: FromPath[int],
) -> Response[Any]:
    frame = await _named(request, session, caller, reference)
    await remove_buyer(session, caller, frame.purchase, membership_id, services_of(request).clock.now())
    return redirect(request, f"{frame.url}{SECTION}", done="Cette personne ne pilote plus l’achat.")


ROUTES = [show_buyers, do_name, ask_removal, do_removal]

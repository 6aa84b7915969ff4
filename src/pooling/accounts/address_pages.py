"""Changing one's own address, in two steps: the address, then the code mailed to it."""

from datetime import datetime
from typing import Any

from litestar import Request, get, post
from litestar.params import FromQuery
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.freshness import WRONG, fresh_sign_in
from pooling.accounts.own_address import ADDRESSES, PURPOSE, ask_change, change_address, pending_change, try_change
from pooling.accounts.second_factor import SecretBox
from pooling.accounts.sent_forms import taken_once
from pooling.accounts.sessions import SignedIn
from pooling.accounts.sign_in_pages import CODES_FROM_HOST, CODES_TO_ADDRESS, TRIES_FROM_HOST
from pooling.accounts.throttle import host_of
from pooling.accounts.who import signed_in
from pooling.kernel.errors import Conflict
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.security import KEEPS_NOTHING
from pooling.web.services import services_of

PAGE = "/compte/adresse"
CODE = f"{PAGE}/code"


@get(PAGE, right="signed_in")
async def ask_address(request: Request[Any, Any, Any], nouvelle: FromQuery[str] = "") -> Response[str]:
    """`nouvelle` comes from a facilitator's mail: it fills the box and does nothing else."""
    return await _address_page(request, form_of({"email": nouvelle[:254]}))


async def _address_page(request: Request[Any, Any, Any], form: Form) -> Response[str]:
    return render(
        request,
        "accounts/address.html",
        breadcrumb=_crumbs("Changer d’adresse"),
        form=form,
        present=signed_in(request).email,
        page_url=PAGE,
    )


@post(PAGE, right="signed_in", guards=[fresh_sign_in])
async def send_address_code(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    person, services = signed_in(request), services_of(request)
    now, email = services.clock.now(), form.email("email")
    async with form.submitted(lambda: _address_page(request, form)), taken_once(request) as session:
        await ADDRESSES.count_here(session, person.person_id, at=now)
        await CODES_FROM_HOST.count_here(session, host_of(request), at=now)
        await CODES_TO_ADDRESS.count_here(session, email, at=now)
        await ask_change(session, SecretBox(services.secret_key, PURPOSE), person, email, now)
        answer = redirect(request, CODE)
    await services.bell.ring("deliver")
    return answer


@get(CODE, right="signed_in")
async def ask_address_code(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _code_page(request, Form())


async def _code_page(request: Request[Any, Any, Any], form: Form) -> Response[Any]:
    """A demonstration, which mails nothing, shows the code."""
    person, services = signed_in(request), services_of(request)
    async with services.database.transaction() as session:
        pending = await pending_change(session, person.person_id, services.clock.now())
    if pending is None:
        return redirect(request, PAGE, warning="Ce code n’est plus valable : demandez-en un autre.")
    shown = SecretBox(services.secret_key, PURPOSE).open(pending.code) if services.demonstration else ""
    return render(
        request,
        "accounts/address_code.html",
        breadcrumb=_crumbs("Code"),
        form=form,
        email=pending.email,
        leaves=services.mails_leave,
        shown=shown,
        page_url=PAGE,
        action=CODE,
    )


@post(CODE, right="signed_in", opt={KEEPS_NOTHING: True})
async def check_address_code(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    person, services = signed_in(request), services_of(request)
    now, box = services.clock.now(), SecretBox(services.secret_key, PURPOSE)
    await TRIES_FROM_HOST.count(services.database, host_of(request), at=now)
    answer = None
    async with taken_once(request) as session:  # commits a wrong try too: it counts
        email = await try_change(session, box, person, form.value("code"), now)
        if email is None:
            form.refuse("code", WRONG)
        elif await _is_changed(session, person, email, form, now):
            done = f"Votre adresse est désormais {email} : c’est là que vous recevez vos codes et vos courriels."
            answer = redirect(request, "/compte", done=done)
    if answer is None:
        raise Redisplay(await (_code_page if email is None else _address_page)(request, form))
    await services.bell.ring("deliver")
    return answer


async def _is_changed(session: AsyncSession, person: SignedIn, email: str, form: Form, now: datetime) -> bool:
    """False where it is somebody else's: nothing is changed, and the form says so."""
    try:
        async with session.begin_nested():
            await change_address(session, person, email, now)
    except Conflict as taken:
        form.values["email"] = email
        form.refuse("email", taken.message)
        return False
    return True


def _crumbs(here: str) -> list[Link]:
    return [Link("À faire", "/"), Link("Mon compte", "/compte"), Link(here, None)]


ROUTES = [ask_address, send_address_code, ask_address_code, check_address_code]

"""One's account: sessions, second factor, leaving."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from pooling.accounts.freshness import fresh_sign_in
from pooling.accounts.second_factor import (
    FACTOR_TRIES,
    box_of,
    check_code,
    confirm_factor,
    forget_factor,
    is_enrolled,
    new_recovery_codes,
    offer_factor,
)
from pooling.accounts.sent_forms import taken_once
from pooling.accounts.sessions import end_session, end_sessions_of, renew_token, sessions_of
from pooling.accounts.who import half_signed_in, signed_in
from pooling.kernel.errors import Conflict
from pooling.kernel.tables import id_typed
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Led, Link, lead, redirect, render
from pooling.web.security import KEEPS_NOTHING, SESSION_COOKIE, cookie_of, local_path, own_cookie
from pooling.web.services import services_of

ENROLMENT = "/compte/second-facteur"
SHOWN_ONCE = (
    "Le second facteur est en place. Ses codes de secours ne sont montrés qu’une fois : si vous ne les avez pas notés, "
    "demandez-en d’autres ci-dessous."
)
WRONG = "Ce code n’est pas le bon. Attendez le suivant dans votre application, puis recommencez."


@post("/deconnexion", right="anyone")
async def sign_out(request: Request[Any, Any, Any], form: PostedForm) -> Redirect:  # noqa: ARG001 - for its token
    async with taken_once(request) as session:
        if token := cookie_of(request, SESSION_COOKIE):
            await end_session(session, token)
        answer = redirect(request, "/connexion", done="Vous êtes déconnecté.")
    answer.cookies.append(own_cookie(request, SESSION_COOKIE, "", max_age=0))
    return answer


@get("/compte", right="signed_in")
async def show_account(request: Request[Any, Any, Any]) -> Response[str]:
    person = signed_in(request)
    services = services_of(request)
    async with services.database.transaction() as session:
        sessions = await sessions_of(session, person.person_id, services.clock.now())
        enrolled = await is_enrolled(session, person.person_id)
    return render(
        request,
        "accounts/account.html",
        breadcrumb=[Link("À faire", "/"), Link("Mon compte", None)],
        person=person,
        sessions=sessions,
        enrolled=enrolled,
        zone=services.settings.zone,
    )


@post("/compte/sessions/fin", right="signed_in", guards=[fresh_sign_in])
async def end_some_sessions(request: Request[Any, Any, Any], form: PostedForm) -> Redirect:
    """Ends one session, or all the others."""
    person = signed_in(request)
    only = id_typed(form.value("session"))
    async with services_of(request).database.transaction() as session:
        if only is not None:
            await end_sessions_of(session, person.person_id, only=only)
        else:
            await end_sessions_of(session, person.person_id, but=person.session_id)
    return redirect(request, "/compte", done="C’est fait : ces navigateurs sont déconnectés.")


@get("/connexion/second-facteur", right="signed_in")
async def ask_second_factor(request: Request[Any, Any, Any]) -> Response[str]:
    half_signed_in(request)
    suite = local_path(request.query_params.get("suite", "/"))
    return render(request, "accounts/second_factor.html", form=Form(values={"suite": suite}))


@post("/connexion/second-facteur", right="signed_in", opt={KEEPS_NOTHING: True})
async def check_second_factor(request: Request[Any, Any, Any], form: PostedForm) -> Redirect:
    """The session goes on under a new token."""
    person = half_signed_in(request)
    services = services_of(request)
    now = services.clock.now()
    await FACTOR_TRIES.count(services.database, person.person_id, at=now)
    async with taken_once(request) as session:
        if await check_code(session, box_of(request), person.person_id, form.value("code"), now):
            token = await renew_token(session, person.session_id, second_factor_at=now, confirmed_at=now)
            answer = redirect(request, local_path(form.value("suite")))
            answer.cookies.append(own_cookie(request, SESSION_COOKIE, token))
            return answer
    form.refuse("code", WRONG)
    raise Redisplay(render(request, "accounts/second_factor.html", form=form))


@get(ENROLMENT, right="signed_in")
async def ask_enrolment(request: Request[Any, Any, Any]) -> Response[str]:
    """Before it is set up: one button. (A GET changes nothing: the secret is made when the button is pressed.)"""
    person = signed_in(request)
    async with services_of(request).database.transaction() as session:
        enrolled = await is_enrolled(session, person.person_id)
    return render(request, "accounts/enrolment.html", breadcrumb=_crumbs(), step="off" if not enrolled else "on")


@post(ENROLMENT, right="signed_in", opt={KEEPS_NOTHING: True}, guards=[fresh_sign_in])
async def begin_enrolment(request: Request[Any, Any, Any], form: PostedForm) -> Response[str]:  # noqa: ARG001
    return await _enrolment_page(request, Form())


async def _enrolment_page(request: Request[Any, Any, Any], form: Form) -> Response[str]:
    person = signed_in(request)
    services = services_of(request)
    async with services.database.transaction() as session:
        if await is_enrolled(session, person.person_id):
            raise Conflict("Le second facteur est déjà en place.", code="already_enrolled")
        enrolment = await offer_factor(
            session, box_of(request), person.person_id, person.email, services.territory.name
        )
    return render(request, "accounts/enrolment.html", breadcrumb=_crumbs(), form=form, step="scan", enrolment=enrolment)


@post(f"{ENROLMENT}/confirmation", right="signed_in", opt={KEEPS_NOTHING: True}, guards=[fresh_sign_in])
async def confirm_enrolment(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    person = signed_in(request)
    services = services_of(request)
    now = services.clock.now()
    await FACTOR_TRIES.count(services.database, person.person_id, at=now)
    async with taken_once(request) as session:
        codes = await confirm_factor(session, box_of(request), person.person_id, form.value("code"), now)
        token = await renew_token(session, person.session_id, second_factor_at=now, confirmed_at=now) if codes else None
        if token is not None:
            lead(request, Led(ENROLMENT, "warning", SHOWN_ONCE))  # whoever sends it again
    if codes is None or token is None:
        form.refuse("code", WRONG)
        raise Redisplay(await _enrolment_page(request, form))
    request.scope["state"]["session_token"] = token  # the page's forms are bound to the new one
    page = render(request, "accounts/enrolment.html", breadcrumb=_crumbs(), step="done", codes=codes)
    page.cookies.append(own_cookie(request, SESSION_COOKIE, token))
    return page


@post(f"{ENROLMENT}/secours", right="signed_in", opt={KEEPS_NOTHING: True}, guards=[fresh_sign_in])
async def renew_recovery_codes(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:  # noqa: ARG001
    """Other codes, when the paper is lost or used up: those of before open nothing any more."""
    person = signed_in(request)
    async with services_of(request).database.transaction() as session:
        if not await is_enrolled(session, person.person_id):
            raise Conflict("Mettez d’abord le second facteur en place.", code="not_enrolled")
        codes = await new_recovery_codes(session, person.person_id)
    return render(request, "accounts/enrolment.html", breadcrumb=_crumbs(), step="renewed", codes=codes)


@post(f"{ENROLMENT}/retrait", right="signed_in", opt={KEEPS_NOTHING: True})
async def remove_second_factor(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    """Asks for a code once more: a browser left open must not be enough."""
    person = signed_in(request)
    services = services_of(request)
    now = services.clock.now()
    await FACTOR_TRIES.count(services.database, person.person_id, at=now)
    async with taken_once(request) as session:
        if await check_code(session, box_of(request), person.person_id, form.value("code"), now):
            await forget_factor(session, person.person_id)
            return redirect(request, "/compte", done="Le second facteur est retiré.")
    form.refuse("code", WRONG)
    raise Redisplay(render(request, "accounts/enrolment.html", breadcrumb=_crumbs(), form=form, step="on"))


def _crumbs() -> list[Link]:
    return [Link("À faire", "/"), Link("Mon compte", "/compte"), Link("Second facteur", None)]


ROUTES = [
    sign_out,
    show_account,
    end_some_sessions,
    ask_second_factor,
    check_second_factor,
    ask_enrolment,
    begin_enrolment,
    confirm_enrolment,
    renew_recovery_codes,
    remove_second_factor,
]

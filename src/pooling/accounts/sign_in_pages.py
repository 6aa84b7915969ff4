"""Coming in by a mailed code or link.

Another way to sign in (a password, an identity provider) is added as pages of its own that end in `complete_sign_in`:
the one place where a session is opened.
"""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Response
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.codes import MailedCode, Proved, find_link, make_code, try_code, use_link
from pooling.accounts.keeping import way_in
from pooling.accounts.sent_forms import taken_once
from pooling.accounts.sessions import end_session, open_session
from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.kernel.errors import Conflict
from pooling.outbox.mail import Button, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.security import (
    KEY_IN_ADDRESS,
    SESSION_COOKIE,
    VISITOR_COOKIE,
    browser_of,
    cookie_of,
    local_path,
    own_cookie,
)
from pooling.web.services import services_of

CODES_TO_ADDRESS = Allowance("codes", "Codes mailed", "one address, whatever the browser", 5, HOUR, __name__)
CODES_FROM_HOST = Allowance("codes-host", "Codes asked", HOST, 60, HOUR, __name__)
TRIES_FROM_HOST = Allowance("tries-host", "Codes tried", HOST, 60, HOUR, __name__)
CODE_MAIL = occasion(
    "sign_in_code",
    asked_by="anybody: the sign-in page",
    to="the address typed, if it is known",
    limit=f"{CODES_TO_ADDRESS}; {CODES_FROM_HOST}",
    where=__name__,
)


@get("/connexion", right="anyone")
async def ask_email(request: Request[Any, Any, Any], suite: FromQuery[str] = "/") -> Response[str]:
    return render(request, "accounts/sign_in.html", form=Form(values={"suite": local_path(suite)}))


@post("/connexion", right="anyone")
async def send_code(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    """Mails a code. The answer is the same whether or not the address is known."""
    email = form.email("email")
    browser = browser_of(request)
    if form.has_errors or browser is None:
        raise Redisplay(render(request, "accounts/sign_in.html", form=form))
    services = services_of(request)
    now = services.clock.now()
    async with taken_once(request) as session:
        await CODES_FROM_HOST.count_here(session, host_of(request), at=now)
        await CODES_TO_ADDRESS.count_here(session, email, at=now)
        code = await make_code(session, email, browser, local_path(form.value("suite")), now)
        if code is not None:
            await queue_mails(session, [code_mail(code, services.settings.base_url)], now)
        answer = redirect(request, "/connexion/code")
    await services.bell.ring("deliver")
    return answer


def code_mail(code: MailedCode, base_url: str) -> Mail:
    return Mail(
        kind=CODE_MAIL,
        recipient=code.email,
        person_id=code.person_id,
        subject=f"Votre code de connexion : {code.code[:3]} {code.code[3:]}",
        why="Vous avez demandé à vous connecter. Tapez ce code dans la page restée ouverte, dans les dix minutes : "
        f"{code.code[:3]} {code.code[3:]}",
        paragraphs=(
            "Vous pouvez aussi ouvrir l’adresse ci-dessous, dans le navigateur d’où vous avez fait la demande.",
            "Si vous n’avez rien demandé, ignorez ce courriel : sans ce code, personne ne peut entrer à votre place.",
        ),
        button=Button("Se connecter", f"{base_url.rstrip('/')}/connexion/lien/{code.link}"),
        expires_at=code.expires_at,
        urgent=True,
    )


@get("/connexion/code", right="anyone")
async def ask_code(request: Request[Any, Any, Any]) -> Response[str]:
    return _code_page(request, Form())


def _code_page(request: Request[Any, Any, Any], form: Form) -> Response[str]:
    """Where no mail server is set, a code that was written down has not left: the page does not say that it did."""
    return render(request, "accounts/code.html", form=form, leaves=services_of(request).mails_leave)


@post("/connexion/code", right="anyone")
async def check_code(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    services, browser = services_of(request), browser_of(request)
    now = services.clock.now()
    await TRIES_FROM_HOST.count(services.database, host_of(request), at=now)
    if browser is not None:
        async with taken_once(request) as session:  # commits a wrong try too: it counts
            proved = await try_code(session, browser, form.value("code"), now)
            if proved is not None:
                return await complete_sign_in(request, session, proved)
    form.refuse("code", "Ce code n’est pas le bon, ou il n’est plus valable. Vérifiez-le, ou demandez-en un autre.")
    raise Redisplay(_code_page(request, form))


@get("/connexion/lien/{link:str}", right="anyone", opt={KEY_IN_ADDRESS: True})
async def show_link(request: Request[Any, Any, Any], link: FromPath[str]) -> Response[str]:
    """Opening the link changes nothing: programs that check mails open links. The button signs in."""
    services = services_of(request)
    async with services.database.transaction() as session:
        here = await find_link(session, browser_of(request) or "", link, services.clock.now())
    return render(request, "accounts/link.html", here=here, link=link)


@post("/connexion/lien/{link:str}", right="anyone", opt={KEY_IN_ADDRESS: True})
async def follow_link(
    request: Request[Any, Any, Any],
    form: PostedForm,  # noqa: ARG001 - read for its token
    link: FromPath[str],
) -> Response[Any]:
    async with taken_once(request) as session:
        proved = await use_link(session, browser_of(request) or "", link, services_of(request).clock.now())
        if proved is None:
            raise Conflict("Ce lien a déjà servi ou n’est plus valable. Demandez un nouveau code.", code="link_dead")
        return await complete_sign_in(request, session, proved)


async def complete_sign_in(request: Request[Any, Any, Any], session: AsyncSession, proved: Proved) -> Redirect:
    """Opens a session under a token that nobody has seen before, and ends the one this browser had."""
    now = services_of(request).clock.now()
    former = cookie_of(request, SESSION_COOKIE)
    if former:
        await end_session(session, former)
    token = await open_session(session, proved.person_id, now, browser=request.headers.get("user-agent", ""))
    answer = redirect(request, await way_in(session, proved.person_id, local_path(proved.next_path), now))
    answer.cookies.append(own_cookie(request, SESSION_COOKIE, token))
    answer.cookies.append(own_cookie(request, VISITOR_COOKIE, "", max_age=0))
    return answer


ROUTES = [ask_email, send_code, ask_code, check_code, show_link, follow_link]

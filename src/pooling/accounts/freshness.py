"""What a stolen or forgotten session must not do: the person proves once more who they are, in the same request.

The question is a page with one field and all that was typed, hidden: answering it sends the whole form again to where
it was going, with the code.
"""

from datetime import timedelta
from typing import Any

from litestar import Request, Response
from litestar.handlers import BaseRouteHandler

from pooling.accounts.codes import make_code, try_code
from pooling.accounts.door import admit_person
from pooling.accounts.keeping import CONFIRMATION
from pooling.accounts.second_factor import FACTOR_TRIES, box_of, check_code, is_enrolled
from pooling.accounts.sent_forms import note_sent, sent_before
from pooling.accounts.sessions import SignedIn, confirm_session
from pooling.accounts.sign_in_pages import CODES_FROM_HOST, CODES_TO_ADDRESS, TRIES_FROM_HOST
from pooling.accounts.throttle import host_of
from pooling.accounts.who import Connection, signed_in
from pooling.kernel.limits import limit
from pooling.outbox.mail import Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.web.forms import Form, Redisplay, provide_form
from pooling.web.layout import Link, render
from pooling.web.security import browser_of
from pooling.web.services import services_of

FRESH = limit(
    timedelta(minutes=10), "A sign-in is fresh enough to make a token, end sessions, change address", __name__
)
FIELD = CONFIRMATION
NOT_YOU = (
    "Si ce n’est pas vous, quelqu’un utilise votre session : ne donnez ce code à personne, puis déconnectez tous vos "
    "navigateurs depuis « Mon compte »."
)
WRONG = "Ce code n’est pas le bon, ou il n’est plus valable. Vérifiez-le, ou demandez-en un autre."
CONFIRMATION_MAIL = occasion(
    "confirmation_code",
    asked_by="whoever is signed in and makes a token, sets up a second factor, ends sessions or changes their address",
    to="their own address",
    limit=f"{CODES_TO_ADDRESS}; {CODES_FROM_HOST}",
    where=__name__,
)


async def fresh_sign_in(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: the route goes on where the person proved who they are a moment ago, or does so with this request.

    Raises:
        SignInRequired: nobody is signed in.
        Redisplay: the question.
        TooMany: too many codes were asked for, or tried.
    """
    assert isinstance(connection, Request)
    refused = await admit_person(connection)  # guards come before it: nothing is done for a form that is not ours
    if refused is not None:
        raise Redisplay(refused)
    person = signed_in(connection)
    services = services_of(connection)
    if services.demonstration or services.clock.now() - person.confirmed_at < FRESH:
        return
    form = await provide_form(connection)
    async with services.database.transaction() as session:
        enrolled = await is_enrolled(session, person.person_id)
    if FIELD in form.values:
        if await _is_right(connection, person, form.value(FIELD), enrolled=enrolled):
            return
        form.refuse(FIELD, WRONG)
    elif not enrolled:
        await _mail_code(connection, person)
    raise Redisplay(_question(connection, form, enrolled=enrolled))


async def _is_right(request: Request[Any, Any, Any], person: SignedIn, typed: str, *, enrolled: bool) -> bool:
    services = services_of(request)
    now = services.clock.now()
    if enrolled:
        await FACTOR_TRIES.count(services.database, person.person_id, at=now)
    else:
        await TRIES_FROM_HOST.count(services.database, host_of(request), at=now)
    async with services.database.transaction() as session:  # commits a wrong try too: it counts
        if enrolled:
            right = await check_code(session, box_of(request), person.person_id, typed, now)
        else:
            proved = await try_code(session, browser_of(request) or "", typed, now)
            right = proved is not None and proved.person_id == person.person_id
        if right:
            await confirm_session(session, person.session_id, now)
    return right


async def _mail_code(request: Request[Any, Any, Any], person: SignedIn) -> None:
    services = services_of(request)
    now = services.clock.now()
    async with services.database.transaction() as session:
        if await sent_before(request, session, "code") is not None:
            return
        await CODES_FROM_HOST.count_here(session, host_of(request), at=now)
        await CODES_TO_ADDRESS.count_here(session, person.email, at=now)
        code = await make_code(session, person.email, browser_of(request) or "", "/", now)
        if code is not None:
            shown = f"{code.code[:3]} {code.code[3:]}"
            mail = Mail(
                kind=CONFIRMATION_MAIL,
                recipient=code.email,
                person_id=code.person_id,
                subject=f"Votre code de confirmation : {shown}",
                why=f"Vous êtes connecté et demandez une action sensible : tapez le code {shown} dans les dix minutes.",
                paragraphs=(NOT_YOU,),
                expires_at=code.expires_at,
                urgent=True,
            )
            await queue_mails(session, [mail], now)
        await note_sent(request, session, {"mailed": True}, "code")
    await services.bell.ring("deliver")


def _question(request: Request[Any, Any, Any], form: Form, *, enrolled: bool) -> Response[str]:
    kept = [(name, value) for name, values in form.lists.items() if name not in {FIELD, "csrf"} for value in values]
    return render(
        request,
        "accounts/confirmation.html",
        breadcrumb=[Link("À faire", "/"), Link("Confirmer", None)],
        form=form,
        field=FIELD,
        kept=kept,
        enrolled=enrolled,
        email=signed_in(request).email,
        leaves=services_of(request).mails_leave,
        action=request.scope["path"],
    )

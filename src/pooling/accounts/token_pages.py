"""One's API tokens: seeing them, making one (shown once), ending one."""

from datetime import datetime, time, timedelta
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response

from pooling.accounts.freshness import fresh_sign_in
from pooling.accounts.models import TokenScope
from pooling.accounts.sent_forms import note_sent, sent_before
from pooling.accounts.sessions import EnteredGroup, SignedIn
from pooling.accounts.tokens import LONGEST_NAME, PAST_END, make_token, revoke_token, tokens_listed
from pooling.accounts.who import signed_in
from pooling.kernel.errors import NotFound, SignInRequired
from pooling.kernel.tables import id_typed
from pooling.web.forms import Form, PostedForm
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

PAGE = "/compte/jetons"
USUAL_LIFE = timedelta(days=365)
SCOPES = (
    (TokenScope.READ, "Lire", "Consulter ce que vous voyez vous-même."),
    (TokenScope.WRITE, "Lire et modifier", "Faire aussi, en votre nom, ce que vos rôles vous permettent."),
)


@get(PAGE, right="signed_in")
async def show_tokens(request: Request[Any, Any, Any]) -> Response[str]:
    person = signed_in(request)
    until = (services_of(request).clock.now() + USUAL_LIFE).date()
    return await _page(request, person, Form(values={"scope": TokenScope.READ, "expires_on": until.isoformat()}))


@post(PAGE, right="signed_in", guards=[fresh_sign_in])
async def create_token(request: Request[Any, Any, Any], form: PostedForm) -> Response[str]:
    """Answers with the page itself, not by going on to it: the token is in no other answer ever. Sent twice, it is the
    last answer that is seen: the token of the one before ends.
    """
    person = signed_in(request)
    group = _group(person, form)
    name = form.text("name", required="Donnez un nom à ce jeton : le programme qui s’en servira.", longest=LONGEST_NAME)
    scope = form.choice("scope", list(TokenScope))
    expires_at = _end(form, group, services_of(request).clock.now()) if form.value("expires_on") else None
    services = services_of(request)
    async with form.submitted(lambda: _page(request, person, form)), services.database.transaction() as session:
        assert group is not None, "its field is refused otherwise"
        now, scope = services.clock.now(), TokenScope(scope)
        unseen = await sent_before(request, session)
        if unseen is not None:
            await revoke_token(session, unseen["token_id"], now, person_id=person.person_id)
        made = await make_token(
            session, person.person_id, group.id, name=name, scope=scope, expires_at=expires_at, now=now
        )
        await note_sent(request, session, {"token_id": made.id})
    return await _page(request, person, Form(values={"scope": TokenScope.READ}), token=made.token)


def _group(person: SignedIn, form: Form) -> EnteredGroup | None:
    """The group that the token opens. One that asks for a second factor wants it for this too: a token goes without."""
    group = person.group(form.value("group"))
    if group is None:
        form.refuse("group", "Choisissez un de vos groupes.")
    elif group.second_factor_required and not person.second_factor_given:
        raise SignInRequired("/compte/second-facteur")
    return group


def _end(form: Form, group: EnteredGroup | None, now: datetime) -> datetime | None:
    """The end of that day, where the group is."""
    day = form.date("expires_on")
    if day is None or group is None:
        return None
    end = datetime.combine(day, time(23, 59, 59), tzinfo=group.zone)
    if end <= now:
        form.refuse("expires_on", PAST_END)
    return end


@post("/compte/jetons/{token_id:str}/revocation", right="signed_in")
async def end_token(request: Request[Any, Any, Any], form: PostedForm, token_id: FromPath[str]) -> Redirect:  # noqa: ARG001
    person = signed_in(request)
    named = id_typed(token_id)
    if named is None:
        raise NotFound
    services = services_of(request)
    async with services.database.transaction() as session:
        await revoke_token(session, named, services.clock.now(), person_id=person.person_id)
    return redirect(request, PAGE, done="Le jeton est révoqué : il n’ouvre plus rien.")


async def _page(request: Request[Any, Any, Any], person: SignedIn, form: Form, *, token: str = "") -> Response[str]:
    services = services_of(request)
    async with services.database.transaction() as session:
        tokens = await tokens_listed(session, person_id=person.person_id)
    return render(
        request,
        "accounts/tokens.html",
        breadcrumb=[Link("À faire", "/"), Link("Mon compte", "/compte"), Link("Jetons d’API", None)],
        form=form,
        token=token,
        tokens=tokens,
        groups=[(group.slug, group.name) for group in person.groups],
        scopes=SCOPES,
        scope_words={scope: word for scope, word, _ in SCOPES},
        now=services.clock.now(),
        zone=services.settings.zone,
        page_url=PAGE,
    )


ROUTES = [show_tokens, create_token, end_token]

"""What every request meets first. A form that comes when its session is no longer there is refused like any other, but
what was typed in it is kept for whoever typed it, and what is kept is brought to the page that is asked for again.
"""

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response
from litestar.exceptions import HTTPException

from pooling.accounts.keeping import CONFIRMATION, OFFERED, PURPOSE, is_anything_typed, keep_form, kept_of
from pooling.accounts.second_factor import SecretBox
from pooling.accounts.sent_forms import led_before
from pooling.accounts.sessions import SignedIn
from pooling.accounts.throttle import HOUR, Allowance, TooMany
from pooling.kernel.tables import id_typed
from pooling.web.first_checks import check_request
from pooling.web.forms import provide_form
from pooling.web.layout import redirect
from pooling.web.refilling import CSRF, Typed
from pooling.web.security import (
    KEEPS_NOTHING,
    LONGEST_PATH,
    RESUMED,
    TYPED,
    UNSAFE_METHODS,
    ExpiredForm,
    StrangeForm,
    author_of,
    is_for_programs,
    local_path,
    resumed_of,
)
from pooling.web.services import services_of

KEPT_FORMS = Allowance("kept-forms", "Forms kept after a session ended", "a person", 60, HOUR, __name__)
TAKES_UP = "reprise"
"""In the address of a page: which kept form its own is filled with."""

ENDED = "Votre session avait pris fin : rien n’a été envoyé."
EARLIER = "Cette page datait d’une connexion précédente : rien n’a été envoyé."
SOMEBODY_ELSES = "Cette page avait été ouverte par quelqu’un d’autre : rien n’a été envoyé en votre nom."
IS_KEPT = "Ce que vous aviez saisi est gardé un jour."
COULD_NOT_BE_KEPT = "Ce que vous aviez saisi n’a pas pu être gardé : revenez à la page précédente pour le copier."


async def admit_person(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """Called before every handler; an answer of its own ends the request."""
    person: SignedIn | None = request.scope.get("user")
    try:
        await check_request(request)
    except StrangeForm:
        sent = await led_before(request)
        if sent is None:
            raise
        return sent
    except ExpiredForm as expired:
        if _waits_in_its_page(request):
            raise
        return await _keep_and_offer(request, person, expired.author)
    if is_for_programs(request):
        return None
    if request.method in UNSAFE_METHODS:
        return await _meet_form(request, person)
    if person is not None and not person.second_factor_owed:
        await _bring(request, person.person_id)
    return None


async def _meet_form(request: Request[Any, Any, Any], person: SignedIn | None) -> Response[Any] | None:
    form = await provide_form(request)
    resumed = resumed_of(form)
    if resumed is not None:
        request.scope["state"][RESUMED] = resumed
    if not _is_for_somebody(request) or _waits_in_its_page(request):
        return None
    author = author_of(request, form)
    if author is not None and (person is None or (person.second_factor_owed and not _keeps_nothing(request))):
        return await _keep_and_offer(request, person, author)
    return None


def _is_for_somebody(request: Request[Any, Any, Any]) -> bool:
    return str(request.route_handler.opt.get("right")) != "anyone"


def _keeps_nothing(request: Request[Any, Any, Any]) -> bool:
    return bool(request.route_handler.opt.get(KEEPS_NOTHING)) or not _is_for_somebody(request)


def _waits_in_its_page(request: Request[Any, Any, Any]) -> bool:
    """A script that saves a text by itself keeps it in the page, and tries again."""
    return request.headers.get("accept", "") == "application/json"


async def _keep_and_offer(request: Request[Any, Any, Any], person: SignedIn | None, author: int) -> Response[Any]:
    if (sent := await led_before(request)) is not None:
        return sent
    form = await provide_form(request)
    page = page_of(request)
    fields = [
        (name, value) for name, values in form.lists.items() if name not in {CSRF, CONFIRMATION} for value in values
    ]
    typed = Typed(request.scope["path"], fields, [file.name for file in form.files.values() if file.name])
    has_typed = not _keeps_nothing(request) and is_anything_typed(fields)
    is_kept = has_typed and await _keep(request, author, page, typed)
    told = "" if not has_typed else IS_KEPT if is_kept else COULD_NOT_BE_KEPT
    if person is None:
        suite = quote(OFFERED if is_kept else page, safe="/")
        words = f"{ENDED} {told} Reconnectez-vous pour {'le retrouver' if is_kept else 'continuer'}."
        return redirect(request, f"/connexion?suite={suite}", warning=words)
    if person.person_id == author:
        return redirect(request, OFFERED if is_kept else page, warning=f"{EARLIER} {told}".strip())
    return redirect(request, "/", warning=SOMEBODY_ELSES)


async def _keep(request: Request[Any, Any, Any], author: int, page: str, typed: Typed) -> bool:
    state = services_of(request)
    now = state.clock.now()
    try:
        await KEPT_FORMS.count(state.database, author, at=now)
    except TooMany:
        return False
    async with state.database.transaction() as session:
        return await keep_form(session, SecretBox(state.secret_key, PURPOSE), author, page, typed, now)


async def _bring(request: Request[Any, Any, Any], person_id: int) -> None:
    """To the page that a form stands on, and to no other, what was typed in it."""
    state, kept_id = services_of(request), id_typed(request.query_params.get(TAKES_UP, ""))
    if kept_id is None:
        return
    async with state.database.transaction() as session:
        box = SecretBox(state.secret_key, PURPOSE)
        found = await kept_of(session, box, person_id, state.clock.now(), only=kept_id)
    if found and urlsplit(found[0].page).path == request.scope["path"]:
        request.scope["state"].update({RESUMED: kept_id, TYPED: found[0].typed})


def page_of(request: Request[Any, Any, Any]) -> str:
    """The page that a form stands on: where the browser says it comes from, if that can be opened, or else the nearest
    address above the one that it is sent to. (After a refusal, its page has the address that it was sent to.)
    """
    came_from = urlsplit(request.headers.get("referer", ""))
    before = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    if before and local_path(before) == before and _opens(request, came_from.path):
        return before
    path: str = request.scope["path"]
    while path and not _opens(request, path):
        path = path.rpartition("/")[0]
    return path if 0 < len(path) < LONGEST_PATH else "/"


def _opens(request: Request[Any, Any, Any], path: str) -> bool:
    """Whether some page has this address."""
    try:
        request.app.asgi_router.handle_routing(path=path, method="GET")
    except HTTPException:
        return False
    return True

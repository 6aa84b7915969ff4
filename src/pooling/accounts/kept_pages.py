"""What somebody had typed when their session ended: offered once they are signed in again."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from pooling.accounts.keeping import OFFERED, PURPOSE, forget_form, kept_of
from pooling.accounts.second_factor import SecretBox
from pooling.accounts.who import signed_in
from pooling.web.layout import Link, redirect, render
from pooling.web.security import local_path
from pooling.web.services import services_of


@get(OFFERED, right="signed_in")
async def show_kept(request: Request[Any, Any, Any], suite: FromQuery[str] = "/") -> Response[str]:
    person = signed_in(request)
    state = services_of(request)
    async with state.database.transaction() as session:
        kept = await kept_of(session, SecretBox(state.secret_key, PURPOSE), person.person_id, state.clock.now())
    return render(
        request,
        "accounts/kept.html",
        breadcrumb=[Link("À faire", "/"), Link("Ce que vous aviez saisi", None)],
        kept=kept,
        next_path=local_path(suite),
        zone=state.settings.zone,
    )


@post(OFFERED + "/{kept_id:int}/oubli", right="signed_in")
async def forget_kept(request: Request[Any, Any, Any], kept_id: FromPath[int]) -> Redirect:
    person = signed_in(request)
    async with services_of(request).database.transaction() as session:
        await forget_form(session, person.person_id, kept_id)
    return redirect(request, OFFERED, done="C’est effacé.")


ROUTES = [show_kept, forget_kept]

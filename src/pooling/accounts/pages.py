"""Leaving. (Ways to come in are pages of their own.)"""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from pooling.accounts.sessions import end_session
from pooling.web.forms import PostedForm
from pooling.web.layout import redirect, render
from pooling.web.security import SESSION_COOKIE, cookie


@post("/deconnexion", right="anyone")
async def sign_out(request: Request[Any, Any, Any], form: PostedForm) -> Redirect:  # noqa: ARG001 - read for its token
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        async with request.app.state.database.transaction() as session:
            await end_session(session, token)
    answer = redirect(request, "/connexion", done="Vous êtes déconnecté.")
    answer.cookies.append(cookie(request, SESSION_COOKIE, "", max_age=0))
    return answer


@get("/connexion", right="anyone")
async def sign_in_page(request: Request[Any, Any, Any]) -> Response[str]:
    return render(request, "accounts/sign_in.html")


ROUTES = [sign_out]
SIGN_IN_ROUTES = [sign_in_page]

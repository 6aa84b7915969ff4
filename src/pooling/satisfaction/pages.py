"""The page behind the link of a mail: two questions and a few words. Opening it changes nothing."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import known_id
from pooling.members.rights import Right
from pooling.satisfaction.answering import LONGEST_COMMENT, Asked, OpinionIn, enter_by_mail_key, say
from pooling.satisfaction.rules import MARKS, QUESTIONS
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import redirect, render
from pooling.web.security import KEY_IN_ADDRESS, NO_REFERRER
from pooling.web.services import services_of

ADDRESS = "/avis/{group:str}/{about:str}/{about_id:int}/{key:str}"
WRONG_KEYS = Allowance("opinion-key", "Wrong links in `/avis/…`", HOST, 60, HOUR, __name__)


async def _enter(request: Request[Any, Any, Any], session: AsyncSession) -> Asked:
    """Raises:
    NotFound: the link opens nothing.
    TooMany: too many wrong ones came from there.
    """
    group, about, about_id, key = (request.path_params[name] for name in ("group", "about", "about_id", "key"))
    try:
        return await enter_by_mail_key(session, group, about, known_id(about_id), key)
    except NotFound:
        services = services_of(request)
        await WRONG_KEYS.count(services.database, host_of(request), at=services.clock.now())
        raise NotFound("Ce lien n’existe pas ou n’est plus valable.") from None


@get(ADDRESS, right=Right.ANYONE, opt={KEY_IN_ADDRESS: True})
async def ask_opinion(
    request: Request[Any, Any, Any],
    group: FromPath[str],
    about: FromPath[str],
    about_id: FromPath[int],
    key: FromPath[str],
) -> Response[str]:
    async with services_of(request).database.transaction() as session:
        asked = await _enter(request, session)
    said = asked.said.model_dump() if asked.said else {}
    return _page(request, asked, f"/avis/{group}/{about}/{about_id}/{key}", form_of(said))


def _page(request: Request[Any, Any, Any], asked: Asked, url: str, form: Form) -> Response[str]:
    page = render(
        request,
        "satisfaction/opinion.html",
        asked=asked,
        form=form,
        url=url,
        questions=QUESTIONS[asked.about],
        marks=MARKS,
        longest=LONGEST_COMMENT,
    )
    page.headers.update(NO_REFERRER)
    return page


@post(ADDRESS, right=Right.ANYONE, opt={KEY_IN_ADDRESS: True})
async def do_opinion(
    request: Request[Any, Any, Any],
    group: FromPath[str],
    about: FromPath[str],
    about_id: FromPath[int],
    key: FromPath[str],
    form: PostedForm,
) -> Response[Any]:
    services, url = services_of(request), f"/avis/{group}/{about}/{about_id}/{key}"
    async with services.database.transaction() as session:
        asked = await _enter(request, session)

        async def again() -> Response[str]:
            return _page(request, asked, url, form)

        async with form.submitted(again):
            marks = [value for value, _ in MARKS]
            command = form.command(
                OpinionIn,
                {},
                first=int(form.choice("first", marks) or 1),
                second=int(form.choice("second", marks) or 1),
                comment=form.lines("comment", longest=LONGEST_COMMENT),
            )
            await say(session, asked, command, services.clock.now())
    return redirect(request, url, done="Merci, votre avis est enregistré. Vous pouvez le changer ici.")


FRONT = [ask_opinion, do_opinion]

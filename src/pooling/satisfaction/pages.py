"""Two questions and a few words: the page behind the link of a mail, of which opening changes nothing, and the same for
who is signed in.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.committees.page import CommitteePage
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import known_id
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage
from pooling.satisfaction.answering import LONGEST_COMMENT, Asked, OpinionIn, asked_of, enter_by_mail_key, say
from pooling.satisfaction.rules import MARKS, QUESTIONS, About
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import redirect, render
from pooling.web.security import KEY_IN_ADDRESS, NO_REFERRER
from pooling.web.services import services_of

TEMPLATE = "satisfaction/opinion.html"
THANKS = "Merci, votre avis est enregistré. Vous pouvez le changer ici."
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
    page = render(request, TEMPLATE, form=form, url=url, **_facts(asked))
    page.headers.update(NO_REFERRER)
    return page


def _facts(asked: Asked) -> dict[str, Any]:
    return {"asked": asked, "questions": QUESTIONS[asked.about], "marks": MARKS, "longest": LONGEST_COMMENT}


def _read(form: Form) -> OpinionIn:
    marks = [value for value, _ in MARKS]
    return form.command(
        OpinionIn,
        {},
        first=int(form.choice("first", marks) or 1),
        second=int(form.choice("second", marks) or 1),
        comment=form.lines("comment", longest=LONGEST_COMMENT),
    )


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
            await say(session, asked, _read(form), services.clock.now())
    return redirect(request, url, done=THANKS)


async def _own_page(here: CommitteePage | PurchasePage, asked: Asked, form: Form) -> Response[str]:
    return here.render(TEMPLATE, "Votre avis", form=form, url=f"{here.url}/avis", **_facts(asked))


async def _asked(here: CommitteePage | PurchasePage) -> Asked:
    about, subject = (
        (About.PURCHASE, here.purchase) if isinstance(here, PurchasePage) else (About.COMMITTEE, here.committee)
    )
    return await asked_of(here.session, here.caller.person_id, about, subject.id, here.group.name)


async def _show(here: CommitteePage | PurchasePage) -> Response[str]:
    asked = await _asked(here)
    return await _own_page(here, asked, form_of(asked.said.model_dump() if asked.said else {}))


async def _do(here: CommitteePage | PurchasePage, form: Form) -> Response[Any]:
    asked = await _asked(here)
    async with form.submitted(lambda: _own_page(here, asked, form)):
        await say(here.session, asked, _read(form), here.now)
    return here.redirect("/avis", done=THANKS)


@get("/achats/{reference:str}/avis", right=Right.SEE_GROUP)
async def ask_opinion_of_purchase(here: Here[PurchasePage]) -> Response[str]:
    return await _show(here)


@post("/achats/{reference:str}/avis", right=Right.SEE_GROUP)
async def do_opinion_of_purchase(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    return await _do(here, form)


@get("/comites/{committee_id:int}/avis", right=Right.SEE_GROUP)
async def ask_opinion_of_committee(here: Here[CommitteePage]) -> Response[str]:
    return await _show(here)


@post("/comites/{committee_id:int}/avis", right=Right.SEE_GROUP)
async def do_opinion_of_committee(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    return await _do(here, form)


FRONT = [ask_opinion, do_opinion]
ROUTES = [ask_opinion_of_purchase, do_opinion_of_purchase, ask_opinion_of_committee, do_opinion_of_committee]

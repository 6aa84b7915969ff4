"""Pages of the demonstration alone: choosing a role to enter as, and reading the mails that were sent."""

import re
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy import select, text
from sqlmodel import col

from pooling.accounts.keeping import way_in
from pooling.accounts.sent_forms import taken_once
from pooling.accounts.sessions import open_session
from pooling.accounts.who import signed_in
from pooling.demo.people import DemoPerson, administrators, people_to_come, people_to_enter_as
from pooling.demo.preparing import is_prepared
from pooling.kernel.errors import NotFound
from pooling.members.features import Entry
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.outbox.models import Message
from pooling.web.forms import PostedForm
from pooling.web.layout import Link, redirect, render
from pooling.web.security import SESSION_COOKIE, own_cookie
from pooling.web.services import services_of

MAILBOX = "/demonstration/courriels"
_ADDRESS = re.compile(r"(https?://[^\s<>]*)")
NAVIGATION = (Entry("Courriels", MAILBOX, Right.SEE_GROUP),)
PAGE_SIZE = 200
MINE = "moi"


async def _demo_people(request: Request[Any, Any, Any]) -> list[DemoPerson]:
    database = services_of(request).database
    async with database.transaction() as session:
        groups = (await session.execute(text("SELECT id FROM all_groups() WHERE fictional"))).scalars().all()
    found: list[DemoPerson] = []
    for group_id in groups:  # the demonstration has one
        async with database.transaction(group_id) as session:
            found += await people_to_enter_as(session)
    if groups:
        async with database.transaction() as session:
            found += await administrators(session)
    return found


@get("/connexion", right="anyone")
async def choose_role(request: Request[Any, Any, Any]) -> Response[str]:
    prepared = is_prepared(request)
    people = await _demo_people(request) if prepared else people_to_come()
    return render(request, "demo/sign_in.html", people=people, prepared=prepared)


@post("/demonstration/connexion", right="anyone")
async def enter_as(request: Request[Any, Any, Any], form: PostedForm) -> Redirect:
    """Signs in as one of the demonstration's people, and as nobody else."""
    chosen = next((person for person in await _demo_people(request) if person.email == form.value("person")), None)
    if chosen is None:
        raise NotFound
    async with taken_once(request) as session:
        now = services_of(request).clock.now()
        token = await open_session(session, chosen.id, now)
        answer = redirect(request, await way_in(session, chosen.id, "/", now))
    answer.cookies.append(own_cookie(request, SESSION_COOKIE, token))
    return answer


@get(MAILBOX, right=Right.SEE_GROUP)
async def mailbox(here: Here[GroupPage], pour: FromQuery[str] = "") -> Response[str]:
    """Of everybody, or of who is signed in alone."""
    mine, url = pour == MINE, here.url + MAILBOX
    statement = select(
        col(Message.id),
        col(Message.recipient),
        col(Message.subject),
        col(Message.state),
        col(Message.created_at),
    ).where(col(Message.group_id) == here.group.id)
    if mine:
        statement = statement.where(col(Message.recipient) == signed_in(here.request).email)
    rows = await here.session.execute(statement.order_by(col(Message.id).desc()).limit(PAGE_SIZE))
    return here.render(
        "demo/mailbox.html",
        "Courriels",
        messages=rows.all(),
        url=url,
        mine=mine,
        views=[Link("De tous", url, not mine), Link("Les miens", f"{url}?pour={MINE}", mine)],
    )


@get(MAILBOX + "/{message_id:int}", right=Right.SEE_GROUP)
async def read_mail(here: Here[GroupPage], message_id: FromPath[int]) -> Response[str]:
    found = await here.session.execute(
        select(Message).where(col(Message.group_id) == here.group.id, col(Message.id) == message_id)
    )
    message = found.scalar_one_or_none()
    if message is None:
        raise NotFound
    return here.render(
        "demo/mail.html",
        ("Courriels", MAILBOX),
        message.subject,
        message=message,
        parts=_with_links(message.body_text, here.services.settings.base_url.rstrip("/")),
    )


def _with_links(body: str, base_url: str) -> list[tuple[str, str]]:
    """What is read of a mail, piece by piece, each with where it leads on this host, if anywhere."""
    return [
        (piece, piece.removeprefix(base_url) if place % 2 and piece.startswith(f"{base_url}/") else "")
        for place, piece in enumerate(_ADDRESS.split(body))
    ]


FRONT = [choose_role, enter_as]
ROUTES = [mailbox, read_mail]

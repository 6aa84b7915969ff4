"""Asking for access: for oneself with a link to a group, or for a colleague of one's member."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.sessions import SignedIn
from pooling.accounts.who import signed_in
from pooling.kernel.database import Database
from pooling.kernel.tables import any_of
from pooling.members.asking import REQUESTS, RequestIn, ask_for_colleague, keep_request
from pooling.members.group_page import GroupPage, Here
from pooling.members.mails import Sender
from pooling.members.models import Member, Role
from pooling.members.page_parts import NAME_NEEDED
from pooling.members.rights import Caller, Right
from pooling.members.words import OF_MEMBER, ROLE_CHOICES
from pooling.reminders.kinds import Context
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import redirect, render
from pooling.web.services import services_of

LONGEST_SLUG = 100
LONGEST_MESSAGE = 1000


@get("/demande-acces", right=Right.SIGNED_IN)
async def ask_access(request: Request[Any, Any, Any], groupe: FromQuery[str] = "") -> Response[Any]:
    """The same page whether the group exists or not. Who is in it already goes there."""
    person = signed_in(request)
    slug = groupe[:LONGEST_SLUG]
    if person.group(slug) is not None:
        return Redirect(f"/g/{slug}", status_code=303)
    return await _access_page(request, person, form_of({"groupe": slug}))


async def _access_page(request: Request[Any, Any, Any], person: SignedIn, form: Form) -> Response[str]:
    return render(request, "members/ask_access.html", form=form, person=person)


@post("/demande-acces", right=Right.SIGNED_IN)
async def do_ask_access(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    """Kept only where the group exists; the answer is the same either way."""
    person = signed_in(request)
    services = services_of(request)
    now = services.clock.now()
    slug = form.text("groupe", required="Indiquez le groupe.", longest=LONGEST_SLUG)
    message = form.lines("message", required="Dites qui vous êtes et pourquoi.", longest=LONGEST_MESSAGE)
    async with form.submitted(lambda: _access_page(request, person, form)):
        await REQUESTS.count(services.database, person.person_id, at=now)
    if person.group(slug) is None:
        await _keep(services.database, person, slug, message, services.settings.base_url, now)
    return redirect(request, "/demande-acces/envoyee")


async def _keep(database: Database, person: SignedIn, slug: str, message: str, base_url: str, now: datetime) -> None:
    async with database.transaction() as session:
        row = (
            await session.execute(
                text("SELECT id, slug, name, timezone, fictional FROM group_by_slug(:slug) WHERE archived_at IS NULL"),
                {"slug": slug},
            )
        ).first()
    if row is None:
        return
    context = Context(row.id, row.slug, row.name, ZoneInfo(row.timezone), row.fictional, base_url, now)
    command = RequestIn(email=person.email, name=person.name, message=message)
    async with database.transaction(row.id) as session:
        await keep_request(session, person.person_id, command, Sender(person.name, person.email), context)


@get("/demande-acces/envoyee", right=Right.SIGNED_IN)
async def access_asked(request: Request[Any, Any, Any]) -> Response[str]:
    signed_in(request)
    return render(request, "members/access_asked.html")


@get("/demande", right=Right.ASK_FOR_COLLEAGUE)
async def ask_colleague(here: Here[GroupPage], membre: FromQuery[str] = "") -> Response[str]:
    own = await _own_members(here.session, here.caller)
    chosen = membre if membre in own else next(iter(own), "")
    return await _colleague_page(here, own, form_of({"member": chosen, "role": Role.REFERENT}))


async def _own_members(session: AsyncSession, caller: Caller) -> dict[str, tuple[int, str]]:
    """The members whose référent asks: (id, name) by code."""
    rows = await session.execute(
        select(col(Member.code), col(Member.id), col(Member.name))
        .where(any_of(col(Member.id), caller.members_as(Role.REFERENT)), col(Member.retired_on).is_(None))
        .order_by(col(Member.sort_key))
    )
    return {code: (member_id, name) for code, member_id, name in rows}


async def _colleague_page(here: GroupPage, own: dict[str, tuple[int, str]], form: Form) -> Response[str]:
    return here.render(
        "members/ask_colleague.html",
        ("Membres", "/membres"),
        "Demander un accès",
        form=form,
        members=[(code, name) for code, (_, name) in own.items()],
        choices=[choice for choice in ROLE_CHOICES if choice[0] in OF_MEMBER],
    )


@post("/demande", right=Right.ASK_FOR_COLLEAGUE)
async def do_ask_colleague(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    own = await _own_members(here.session, here.caller)
    code = form.choice("member", list(own))
    role = form.choice("role", [str(role) for role in OF_MEMBER])
    email, name = form.email("email"), form.text("name", required=NAME_NEEDED)
    function, message = form.text("function"), form.lines("message", longest=LONGEST_MESSAGE)
    async with form.submitted(lambda: _colleague_page(here, own, form)):
        command = RequestIn(email, name, message, function, Role(role), own[code][0])
        await ask_for_colleague(here.session, here.caller, command, here.sender, here.context)
    return here.redirect(f"/membres/{code}", done=f"Votre demande pour {name} est transmise à l’animation du groupe.")


FRONT = [ask_access, do_ask_access, access_asked]
ROUTES = [ask_colleague, do_ask_colleague]

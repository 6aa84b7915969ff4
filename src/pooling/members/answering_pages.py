"""The facilitator answers requests for access."""

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.kernel.errors import Conflict
from pooling.members.answering import accept_request, asker_of, lock_request, refuse_request
from pooling.members.asking import pending_requests
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.models import Member
from pooling.members.page_parts import (
    context_of,
    crumbs,
    member_suggestion,
    member_suggestions,
    read_role_fields,
    sections,
    sender_of,
)
from pooling.members.rights import Caller, Right
from pooling.members.words import ROLE_CHOICES, ROLE_WORDS
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render


@get("/demandes", right=Right.MANAGE_MEMBERS)
async def list_requests(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    return render(
        request,
        "members/requests.html",
        breadcrumb=crumbs(entered_group, ("Membres", "/membres"), ("Demandes d’accès", None)),
        tabs=sections(caller, entered_group, "/demandes"),
        requests=await pending_requests(session),
        words=ROLE_WORDS,
        zone=ZoneInfo(entered_group.timezone),
        base=f"/g/{entered_group.slug}/demandes",
    )


@get("/demandes/{request_id:int}", right=Right.MANAGE_MEMBERS)
async def show_request(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    request_id: FromPath[int],
) -> Response[Any]:
    try:
        return await _request_page(request, session, caller, entered_group, request_id, None)
    except Conflict as answered:
        return redirect(request, f"/g/{entered_group.slug}/demandes", done=answered.message)


async def _request_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    group: EnteredGroup,
    request_id: int,
    form: Form | None,
) -> Response[str]:
    asked = await lock_request(session, caller, request_id)
    member = await session.get(Member, (group.id, asked.member_id)) if asked.member_id else None
    wished = {"role": asked.role, "member": member_suggestion(member.name, member.code) if member else ""}
    asker = await asker_of(session, asked)
    return render(
        request,
        "members/request.html",
        breadcrumb=crumbs(group, ("Membres", "/membres"), ("Demandes d’accès", "/demandes"), (asked.name, None)),
        form=form or form_of(wished),
        asked=asked,
        asker=asker,
        words=ROLE_WORDS,
        wished=wished,
        choices=ROLE_CHOICES,
        suggestions=await member_suggestions(session),
        zone=ZoneInfo(group.timezone),
        url=f"/g/{group.slug}/demandes/{request_id}",
        cancel_url=f"/g/{group.slug}/demandes",
    )


@post("/demandes/{request_id:int}/accord", right=Right.MANAGE_MEMBERS)
async def do_accept(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    request_id: FromPath[int],
) -> Response[Any]:
    role, member_id = await read_role_fields(session, form)
    if not form.has_errors:
        with form.redisplayed():
            context = context_of(request, entered_group)
            await accept_request(session, caller, request_id, role, member_id, sender_of(request), context)
    if form.error("email"):
        form.errors["role"] = form.errors.pop("email")
    if form.has_errors:
        raise Redisplay(await _request_page(request, session, caller, entered_group, request_id, form))
    return redirect(
        request, f"/g/{entered_group.slug}/demandes", done="L’accès est donné", mailed="un courriel part à la personne"
    )


@post("/demandes/{request_id:int}/refus", right=Right.MANAGE_MEMBERS)
async def do_refuse(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    request_id: FromPath[int],
) -> Response[Any]:
    reason = form.lines("reason", longest=500)
    with form.redisplayed():
        form.check()
        context = context_of(request, entered_group)
        await refuse_request(session, caller, request_id, reason, sender_of(request), context)
    if form.has_errors:
        raise Redisplay(await _request_page(request, session, caller, entered_group, request_id, form))
    return redirect(
        request,
        f"/g/{entered_group.slug}/demandes",
        done="La demande est refusée",
        mailed="la réponse part par courriel",
    )


ROUTES = [list_requests, show_request, do_accept, do_refuse]

"""Dates in one's own calendar: one committee as a file, or an address to subscribe to."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.committees.calendars.feed_document import feed_of
from pooling.committees.calendars.feeds import enter_by_feed, feeds_of, make_feed, revoke_feed
from pooling.committees.notices.icalendar_text import published
from pooling.committees.page import committee_page, sections
from pooling.committees.queries import agendas_of
from pooling.kernel.database import mail_from_of
from pooling.kernel.errors import NotFound
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.page_parts import context_of
from pooling.members.rights import Caller, Right
from pooling.reminders.kinds import Context
from pooling.web.downloads import download
from pooling.web.forms import PostedForm
from pooling.web.layout import Link, redirect, render
from pooling.web.security import KEY_IN_ADDRESS, NO_REFERRER
from pooling.web.services import services_of

PATH = "/calendrier"
SUFFIX = ".ics"
LONGEST_TOKEN = 100
CALENDAR = "text/calendar"


@get("/calendrier/{group:str}/{feed:str}", right=Right.ANYONE, opt={KEY_IN_ADDRESS: True})
async def show_feed(request: Request[Any, Any, Any], group: FromPath[str], feed: FromPath[str]) -> Response[Any]:
    """For calendar applications, which cannot sign in: the address is the key. Whatever is wrong with it, it does not
    exist.
    """
    services = services_of(request)
    if not feed.endswith(SUFFIX) or len(feed) > LONGEST_TOKEN:
        raise NotFound
    async with services.database.transaction() as session:
        subscriber = await enter_by_feed(session, group, feed.removesuffix(SUFFIX))
        found = subscriber.group
        context = Context(
            found.id,
            found.slug,
            found.name,
            ZoneInfo(found.timezone),
            found.fictional,
            services.settings.base_url,
            services.clock.now(),
        )
        made = await feed_of(session, subscriber.caller.person_id, context)
    headers = {"ETag": made.etag, "Cache-Control": "private, no-cache", **NO_REFERRER}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if made.etag in known:
        return Response(None, status_code=304, headers=headers)
    return Response(made.text, media_type=CALENDAR, headers=headers)


@get("/calendrier", right=Right.SEE_GROUP)
async def show_feeds(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    return await _page(request, session, caller, entered_group)


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, group: EnteredGroup, token: str = ""
) -> Response[str]:
    base = f"/g/{group.slug}"
    root = services_of(request).settings.base_url.rstrip("/")
    page = render(
        request,
        "committees/feeds.html",
        breadcrumb=[Link("À faire", base), Link("Comités", f"{base}/comites"), Link("Mon agenda", None)],
        tabs=sections(request, caller, group, PATH),
        feeds=await feeds_of(session, caller),
        address=f"{root}/calendrier/{group.slug}/{token}{SUFFIX}" if token else "",
        url=base + PATH,
        zone=ZoneInfo(group.timezone),
    )
    page.headers |= NO_REFERRER
    return page


@post("/calendrier", right=Right.SEE_GROUP)
async def do_subscribe(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
) -> Response[Any]:
    """Answers with the page itself, not by going on to it: the address is in no other answer ever."""
    token = await make_feed(session, caller, _now(request))
    await session.flush()
    return await _page(request, session, caller, entered_group, token)


@post("/calendrier/{feed_id:int}/retrait", right=Right.SEE_GROUP)
async def do_revoke(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    feed_id: FromPath[int],
) -> Response[Any]:
    await revoke_feed(session, caller, feed_id, _now(request))
    done = "L’adresse est supprimée : les agendas qui la lisaient ne reçoivent plus rien."
    return redirect(request, f"/g/{entered_group.slug}{PATH}", done=done)


def _now(request: Request[Any, Any, Any]) -> datetime:
    now: datetime = services_of(request).clock.now()
    return now


@get("/comites/{committee_id:int}/comite.ics", right=Right.SEE_GROUP)
async def download_committee(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    committee_id: FromPath[int],
) -> Response[bytes]:
    """One committee, to add to a calendar by hand."""
    frame = await committee_page(request, session, caller, committee_id)
    agenda = (await agendas_of(session, [committee_id]))[committee_id]
    text = published(frame.committee, agenda, context_of(request, entered_group), mail_from_of(session))
    name = f"comite-{frame.committee.local_start:%Y-%m-%d}.ics"
    return download(text.encode(), name, CALENDAR)


FRONT = [show_feed]
ROUTES = [show_feeds, do_subscribe, do_revoke, download_committee]

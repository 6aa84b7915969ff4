"""Dates in one's own calendar: one committee as a file, or an address to subscribe to."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from pooling.committees.calendars.feeds import enter_by_feed, feeds_of, make_feed, revoke_feed
from pooling.committees.page import CommitteePage
from pooling.committees.queries import agendas_of
from pooling.kernel.database import mail_from_of
from pooling.kernel.errors import NotFound
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.reminders.kinds import Context
from pooling.web.downloads import download
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
            found.zone,
            found.fictional,
            services.settings.base_url,
            services.clock.now(),
        )
        # What writes calendars takes 10 MB.
        from pooling.committees.calendars.feed_document import feed_of  # noqa: PLC0415

        made = await feed_of(session, subscriber.caller.person_id, context)
    headers = {"ETag": made.etag, "Cache-Control": "private, no-cache", **NO_REFERRER}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if made.etag in known:
        return Response(None, status_code=304, headers=headers)
    return Response(made.text, media_type=CALENDAR, headers=headers)


@get(PATH, right=Right.SEE_GROUP)
async def show_feeds(here: Here[GroupPage]) -> Response[str]:
    return await _page(here)


async def _page(here: GroupPage, token: str = "") -> Response[str]:
    root = here.services.settings.base_url.rstrip("/")
    page = here.render(
        "committees/feeds.html",
        ("Comités", "/comites"),
        "Mon agenda",
        tabs=here.sections("/comites"),
        feeds=await feeds_of(here.session, here.caller),
        address=f"{root}/calendrier/{here.group.slug}/{token}{SUFFIX}" if token else "",
        url=here.base + PATH,
    )
    page.headers |= NO_REFERRER
    return page


@post(PATH, right=Right.SEE_GROUP)
async def do_subscribe(here: Here[GroupPage]) -> Response[Any]:
    """Answers with the page itself, not by going on to it: the address is in no other answer ever."""
    token = await make_feed(here.session, here.caller, here.now)
    await here.session.flush()
    return await _page(here, token)


@post(f"{PATH}/{{feed_id:int}}/retrait", right=Right.SEE_GROUP)
async def do_revoke(here: Here[GroupPage], feed_id: FromPath[int]) -> Response[Any]:
    await revoke_feed(here.session, here.caller, feed_id, here.now)
    return here.redirect(PATH, done="L’adresse est supprimée : les agendas qui la lisaient ne reçoivent plus rien.")


@get("/comites/{committee_id:int}/comite.ics", right=Right.SEE_GROUP)
async def download_committee(here: Here[CommitteePage]) -> Response[bytes]:
    """One committee, to add to a calendar by hand."""
    from pooling.committees.notices.icalendar_text import published  # noqa: PLC0415 - as above

    agenda = (await agendas_of(here.session, [here.committee.id]))[here.committee.id]
    text = published(here.committee, agenda, here.context, mail_from_of(here.session))
    name = f"comite-{here.committee.local_start:%Y-%m-%d}.ics"
    return download(text.encode(), name, CALENDAR)


FRONT = [show_feed]
ROUTES = [show_feeds, do_subscribe, do_revoke, download_committee]

"""Dates in one's own calendar: one committee as a file, or an address to subscribe to. The same key opens the news of
the group's purchases, for readers of news.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.calendars.feeds import Feed, Subscriber, enter_by_feed, feeds_of, make_feed, revoke_feed
from pooling.committees.notices.uids import Invited
from pooling.committees.page import CommitteePage
from pooling.committees.queries import agendas_of, mail_key_of
from pooling.kernel.database import mail_from_of
from pooling.kernel.errors import NotFound
from pooling.members.features import features_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.reminders.kinds import Context
from pooling.web.downloads import download
from pooling.web.security import KEY_IN_ADDRESS, NO_REFERRER
from pooling.web.services import services_of

PATH = "/calendrier"
DATES, NEWS = ".ics", ".atom"
"""What an address ends with says what is read there."""
LONGEST_TOKEN = 100
CALENDAR, ATOM = "text/calendar", "application/atom+xml"


@get("/calendrier/{group:str}/{feed:str}", right=Right.ANYONE, opt={KEY_IN_ADDRESS: True})
async def show_feed(request: Request[Any, Any, Any], group: FromPath[str], feed: FromPath[str]) -> Response[Any]:
    """For calendar applications and readers of news, which cannot sign in: the address is the key. Whatever is wrong
    with it, it does not exist.
    """
    services = services_of(request)
    if not feed.endswith((DATES, NEWS)) or len(feed) > LONGEST_TOKEN:
        raise NotFound
    news = feed.endswith(NEWS)
    async with services.database.transaction() as session:
        subscriber = await enter_by_feed(session, group, feed.removesuffix(DATES).removesuffix(NEWS))
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
        made = await (_news if news else _dates)(request, session, subscriber, context)
    headers = {"ETag": made.etag, "Cache-Control": "private, no-cache", **NO_REFERRER}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if made.etag in known:
        return Response(None, status_code=304, headers=headers)
    return Response(made.text, media_type=ATOM if news else CALENDAR, headers=headers)


async def _dates(_: Request[Any, Any, Any], session: AsyncSession, subscriber: Subscriber, context: Context) -> Feed:
    # What writes calendars takes 10 MB.
    from pooling.committees.calendars.feed_document import feed_of  # noqa: PLC0415

    return await feed_of(session, subscriber.caller.person_id, context)


async def _news(
    request: Request[Any, Any, Any], session: AsyncSession, subscriber: Subscriber, context: Context
) -> Feed:
    from pooling.committees.calendars.news_document import news_of  # noqa: PLC0415 - lxml, as above

    return await news_of(session, subscriber.caller, subscriber.group, context, features_of(request).announced)


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
        address=f"{root}/calendrier/{here.group.slug}/{token}{DATES}" if token else "",
        news=f"{root}/calendrier/{here.group.slug}/{token}{NEWS}" if token else "",
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
    person_id = here.caller.person_id
    invited = Invited.of(here.committee, person_id, await mail_key_of(here.session, person_id))
    text = published(here.committee, agenda, here.context, mail_from_of(here.session), invited)
    name = f"comite-{here.committee.local_start:%Y-%m-%d}.ics"
    return download(text.encode(), name, CALENDAR)


FRONT = [show_feed]
ROUTES = [show_feeds, do_subscribe, do_revoke, download_committee]

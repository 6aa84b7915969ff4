"""Searching published minutes and decisions."""

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromQuery

from pooling.committees.minutes.searching import LONGEST_QUERY, MOST_PAGES, search_minutes
from pooling.committees.page import sections
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.web.forms import form_of
from pooling.web.layout import Link, render

SEARCH = "/comites/recherche"


@get(SEARCH, right=Right.SEE_GROUP)
async def search(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    q: FromQuery[str] = "",
    page: FromQuery[str] = "",
) -> Response[str]:
    """Published minutes and their decisions, the best answers first."""
    base = f"/g/{entered_group.slug}"
    typed = q[:LONGEST_QUERY]
    place = int(page) if page.isascii() and page.isdigit() and len(page) < 3 else 1  # noqa: PLR2004
    place = min(max(place, 1), MOST_PAGES)
    found, more = await search_minutes(session, typed, page=place)
    url = f"{base}{SEARCH}?{urlencode({'q': typed})}"
    return render(
        request,
        "committees/search.html",
        breadcrumb=[Link("À faire", base), Link("Comités", f"{base}/comites"), Link("Recherche", None)],
        tabs=sections(request, caller, entered_group, SEARCH),
        form=form_of({"q": typed}),
        base=base,
        searched=typed.strip(),
        found=found,
        zone=ZoneInfo(entered_group.timezone),
        previous_url=f"{url}&page={place - 1}" if place > 1 else None,
        next_url=f"{url}&page={place + 1}" if more and place < MOST_PAGES else None,
    )


ROUTES = [search]

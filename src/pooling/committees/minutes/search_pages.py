"""Searching published minutes and decisions."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from pooling.committees.minutes.searching import MOST_PAGES, search_minutes
from pooling.kernel.text import whole_number
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.forms import form_of
from pooling.web.searching import LONGEST_QUERY

SEARCH = "/comites/recherche"


@get(SEARCH, right=Right.SEE_GROUP)
async def search(here: Here[GroupPage], q: FromQuery[str] = "", page: FromQuery[str] = "") -> Response[str]:
    """Published minutes and their decisions, the best answers first."""
    typed = q[:LONGEST_QUERY]
    place = min(whole_number(page, 2) or 1, MOST_PAGES)
    found, more = await search_minutes(here.session, typed, page=place)
    url = f"{here.base}{SEARCH}?{urlencode({'q': typed})}"
    return here.render(
        "committees/search.html",
        ("Comités", "/comites"),
        "Recherche",
        tabs=here.sections("/comites"),
        form=form_of({"q": typed}),
        searched=typed.strip(),
        found=found,
        previous_url=f"{url}&page={place - 1}" if place > 1 else None,
        next_url=f"{url}&page={place + 1}" if more and place < MOST_PAGES else None,
    )


ROUTES = [search]

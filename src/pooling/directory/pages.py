"""Looking somebody up in the directory, and one authority with its communes."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.directory.page import DIRECTORY, AuthorityPage
from pooling.directory.queries import LONGEST, communes_of, current_year, search_directory, searched_words
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.forms import form_of

SHOWN_AT_MOST = 20


@get(DIRECTORY, right=Right.MANAGE_MEMBERS)
async def search_authorities(here: Here[GroupPage], cherche: FromQuery[str] = "") -> Response[str]:
    typed = cherche[:LONGEST]
    found = await search_directory(here.session, typed, most=SHOWN_AT_MOST + 1)
    return here.render(
        "directory/search.html",
        ("Membres", "/membres"),
        "Annuaire",
        form=form_of({"cherche": typed}),
        searched=bool(searched_words(typed)),
        found=found[:SHOWN_AT_MOST],
        more=len(found) > SHOWN_AT_MOST,
        year=await current_year(here.session),
    )


@get(f"{DIRECTORY}/{{siren:str}}", right=Right.MANAGE_MEMBERS)
async def show_authority(here: Here[AuthorityPage]) -> Response[str]:
    communes = await communes_of(here.session, here.authority.siren) if here.authority.is_body else []
    return here.render("directory/authority.html", communes=communes)


ROUTES = [search_authorities, show_authority]

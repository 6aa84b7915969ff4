"""The lists of the group's members, and of those that left it."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.queries import any_retired, member_list
from pooling.members.rights import Right
from pooling.web.cursors import pages_after

RETIRED = "/membres-partis"


@get("/membres", right=Right.SEE_GROUP)
async def list_members(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    members = await member_list(here.session, Slice(apres))
    return here.render(
        "members/list.html",
        "Membres",
        tabs=here.sections("/membres"),
        manages=here.caller.may(Right.MANAGE_MEMBERS),
        lines=members.items,
        any_retired=await any_retired(here.session),
        **pages_after(f"{here.url}/membres", apres, members),
    )


@get(RETIRED, right=Right.SEE_GROUP)
async def list_retired_members(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    members = await member_list(here.session, Slice(apres), retired=True)
    return here.render(
        "members/retired_list.html",
        ("Membres", "/membres"),
        "Partis",
        lines=members.items,
        **pages_after(f"{here.url}{RETIRED}", apres, members),
    )


ROUTES = [list_members, list_retired_members]

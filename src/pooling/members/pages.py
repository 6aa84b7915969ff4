"""The list of the group's members."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.queries import member_list
from pooling.members.rights import Right
from pooling.web.cursors import pages_after


@get("/membres", right=Right.SEE_GROUP)
async def list_members(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    members = await member_list(here.session, Slice(apres))
    return here.render(
        "members/list.html",
        "Membres",
        tabs=here.sections("/membres"),
        manages=here.caller.may(Right.MANAGE_MEMBERS),
        lines=members.items,
        **pages_after(f"{here.url}/membres", apres, members),
    )


ROUTES = [list_members]

"""The list of the group's members."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.members.group_page import GroupPage, Here
from pooling.members.queries import member_list
from pooling.members.rights import Right
from pooling.web.cursors import pages_after, unpack_key


@get("/membres", right=Right.SEE_GROUP)
async def list_members(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    lines, next_key = await member_list(here.session, after=unpack_key(apres))
    return here.render(
        "members/list.html",
        "Membres",
        tabs=here.sections("/membres"),
        lines=lines,
        **pages_after(f"{here.url}/membres", apres, next_key),
    )


ROUTES = [list_members]

"""The list of the group's members."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.members.group_page import GroupPage, Here
from pooling.members.page_parts import sections
from pooling.members.queries import member_list
from pooling.members.rights import Right
from pooling.web.cursors import pages_after, unpack_key


@get("/membres", right=Right.SEE_GROUP)
async def list_members(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    lines, next_key = await member_list(here.session, after=unpack_key(apres))
    base = f"{here.base}/membres"
    return here.render(
        "members/list.html",
        "Membres",
        tabs=sections(here.caller, here.group, "/membres"),
        base=base,
        lines=lines,
        **pages_after(base, apres, next_key),
    )


ROUTES = [list_members]

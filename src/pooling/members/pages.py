"""The list of the group's members."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromQuery

from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.page_parts import sections
from pooling.members.queries import member_list
from pooling.members.rights import Right
from pooling.web.cursors import pages_after, unpack_key
from pooling.web.layout import Link, render


@get("/membres", right=Right.SEE_GROUP)
async def list_members(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    apres: FromQuery[str] = "",
) -> Response[str]:
    lines, next_key = await member_list(session, after=unpack_key(apres))
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "members/list.html",
        breadcrumb=[Link("À faire", base), Link("Membres", None)],
        tabs=sections(caller, entered_group, "/membres"),
        base=f"{base}/membres",
        lines=lines,
        **pages_after(f"{base}/membres", apres, next_key),
    )


ROUTES = [list_members]

"""The list of purchases."""

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromQuery

from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.purchases.queries import purchases_before
from pooling.purchases.rules import PURCHASE
from pooling.web.layout import Link, render


@get("/achats", right=Right.SEE_GROUP)
async def list_purchases(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    avant: FromQuery[int | None] = None,
) -> Response[str]:
    lines, next_id = await purchases_before(session, before_id=avant)
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "purchases/list.html",
        breadcrumb=[Link("À faire", base), Link("Achats groupés", None)],
        lines=lines,
        may_prepare=caller.may_somewhere(Right.PREPARE_PURCHASE),
        next_id=next_id,
        later=avant is not None,
        base=f"{base}/achats",
        words=PURCHASE.words,
        state_tags=PURCHASE.tags,
        zone=ZoneInfo(entered_group.timezone),
    )


ROUTES = [list_purchases]

"""« Pourquoi ? »: one member's costs, each figure with its key, its base values, its exact share and its cents."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from pooling.allocation.page import SECTION, fctva_text, finance_of, label_of, trail
from pooling.allocation.service import allocate_purchase, sees_all_costs
from pooling.allocation.why import why
from pooling.kernel.errors import NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.purchases.frame import purchase_frame
from pooling.web.layout import render


@get("/achats/{reference:str}/couts/{member:str}", right=Right.SEE_TOTALS)
async def show_why(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[str]:
    """All of a member's figures explained: its own people's, anybody's for who sees all costs."""
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    sees_all = await sees_all_costs(session, caller, frame.purchase.id)
    allocation = await allocate_purchase(session, frame.purchase.id, label_of(frame), finance_of(request))
    own = allocation.members.get(member) in caller.members_as(*Role)
    if member not in allocation.result.lines.pool.places or not (sees_all or own):
        raise NotFound
    name = allocation.labels.member(member)
    return render(
        request,
        "allocation/why.html",
        breadcrumb=trail(frame, name),
        frame=frame,
        name=name,
        basis=allocation.basis,
        result=allocation.result.member(member),
        why=why(allocation, member, frame.zone),
        fctva=fctva_text(allocation.fctva) if allocation.fctva else None,
    )


ROUTES = [show_why]

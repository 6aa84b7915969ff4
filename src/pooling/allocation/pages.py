"""A purchase's costs: who pays what, on a page and as files for finance."""

import io
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from pooling.allocation.export import XLSX, allocation_xlsx
from pooling.allocation.service import allocate_purchase, latest_allocation
from pooling.kernel.errors import Conflict
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.purchases.frame import purchase_frame
from pooling.web.layout import Link, render

SECTION = "/couts"
SHOWN_AT_MOST = 200
"""Members shown on the page and drawn; the files have them all."""


@get("/achats/{reference:str}/couts", right=Right.SEE_ALLOCATION)
async def show_costs(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    label = f"{frame.purchase.reference} {frame.purchase.title}"
    try:
        allocation, refused = await allocate_purchase(session, frame.purchase.id, label), None
    except Conflict as conflict:
        allocation, refused = None, conflict.message
    members = [] if allocation is None else [member for member in allocation.result.members if member.ht or member.vat]
    shown = sorted(members, key=lambda member: -member.ttc)[:SHOWN_AT_MOST]
    return render(
        request,
        "allocation/costs.html",
        breadcrumb=[*frame.breadcrumb, Link("Coûts", None)],
        frame=frame,
        allocation=allocation,
        refused=refused,
        members=shown,
        hidden=len(members) - len(shown),
        frozen=await latest_allocation(session, frame.purchase.id),
        files=[{"label": "XLSX", "url": f"{frame.url}{SECTION}/repartition.xlsx"}],
    )


@get("/achats/{reference:str}/couts/repartition.xlsx", right=Right.SEE_ALLOCATION)
async def download_allocation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[bytes]:
    """The finance workbook, always a download."""
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    allocation = await allocate_purchase(
        session, frame.purchase.id, f"{frame.purchase.reference} {frame.purchase.title}"
    )
    target = io.BytesIO()
    allocation_xlsx(target, allocation, fictional=frame.group.fictional)
    name = f"{frame.purchase.reference}-repartition.xlsx"
    return Response(
        target.getvalue(), media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


ROUTES = [show_costs, download_allocation]

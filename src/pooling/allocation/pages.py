"""A purchase's costs: who pays what, on a page and as files for finance."""

import io
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from pooling.allocation.export import XLSX, allocation_xlsx
from pooling.allocation.service import PurchaseAllocation, allocate_purchase, latest_allocation, sees_all_costs
from pooling.kernel.errors import Conflict, Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.purchases.frame import PurchaseFrame, purchase_frame
from pooling.sharing.allocation_result import MemberResult
from pooling.web.layout import Link, render
from pooling.web.typography import euros

SECTION = "/couts"
SHOWN_AT_MOST = 200
DRAWN_AT_MOST = 40
"""Members on the page, and in its picture; the files have them all."""


@get("/achats/{reference:str}/couts", right=Right.SEE_TOTALS)
async def show_costs(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    """Who pays what: every share, or for a référent its own with the totals."""
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    try:
        allocation, refused = await allocate_purchase(session, frame.purchase.id, label_of(frame)), None
    except Conflict as conflict:
        allocation, refused = None, conflict.message
    sees_all = await sees_all_costs(session, caller, frame.purchase.id)
    members = [] if allocation is None else _shown(allocation, None if sees_all else set(caller.members_as(*Role)))
    shown = members[:SHOWN_AT_MOST]
    return render(
        request,
        "allocation/costs.html",
        breadcrumb=[*frame.breadcrumb, Link("Coûts", None)],
        frame=frame,
        allocation=allocation,
        refused=refused,
        members=shown,
        hidden=len(members) - len(shown),
        sees_all=sees_all,
        chart=[] if allocation is None else [_bar(allocation, member) for member in members[:DRAWN_AT_MOST]],
        frozen=await latest_allocation(session, frame.purchase.id),
        files=[{"label": "XLSX", "url": f"{frame.url}{SECTION}/repartition.xlsx"}] if sees_all else [],
    )


def label_of(frame: PurchaseFrame) -> str:
    return f"{frame.purchase.reference} {frame.purchase.title}"


def _shown(allocation: PurchaseAllocation, only: set[int] | None) -> list[MemberResult]:
    """Who has a share, the largest first; `only` these members when given."""
    members = [
        member
        for member in allocation.result.members
        if (member.ht or member.vat) and (only is None or allocation.members.get(member.id) in only)
    ]
    return sorted(members, key=lambda member: (-member.ttc, member.id))


def _bar(allocation: PurchaseAllocation, member: MemberResult) -> dict[str, Any]:
    name = allocation.labels.members.get(member.id, member.id)
    text = euros(member.ttc)
    return {"label": name, "value": max(member.ttc, 0), "text": text, "detail": f"{name} paie {text} TTC."}


@get("/achats/{reference:str}/couts/repartition.xlsx", right=Right.SEE_TOTALS)
async def download_allocation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[bytes]:
    """The finance workbook, always a download."""
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    if not await sees_all_costs(session, caller, frame.purchase.id):
        raise Forbidden
    allocation = await allocate_purchase(session, frame.purchase.id, label_of(frame))
    target = io.BytesIO()
    allocation_xlsx(target, allocation, fictional=frame.group.fictional)
    name = f"{frame.purchase.reference}-repartition.xlsx"
    return Response(
        target.getvalue(), media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


ROUTES = [show_costs, download_allocation]

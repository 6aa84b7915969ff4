"""« Pourquoi ? »: one member's costs, each figure with its key, its base values, its exact share and its cents."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from pooling.allocation.allocating import StatedPurchase, own_codes
from pooling.allocation.current import read_current
from pooling.allocation.page import COSTS, SECTION, CostsPage, trail
from pooling.allocation.why import explain
from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage
from pooling.web.layout import Link, render


@get(f"{COSTS}/{{member:str}}", right=Right.SEE_TOTALS)
async def show_why(here: Here[CostsPage], member: FromPath[str]) -> Response[str]:
    """All of a member's figures explained: its own people's, anybody's for who sees all costs."""
    if not (here.sees_all or member in await own_codes(here.session, here.caller)):
        raise NotFound
    allocation = await read_current(here.session, here.purchase.id, here.finance, [member])
    back = Link("Coûts", here.url + SECTION)
    return why_page(here.request, here, allocation, member, trail(here, "")[:-1], back)


def why_page(
    request: Request[Any, Any, Any],
    frame: PurchasePage,
    stated: StatedPurchase,
    member: str,
    above: list[Link],
    back: Link,
) -> Response[str]:
    """The page of one member's figures, below `above`.

    Raises:
        NotFound: it is not in the allocation.
    """
    if member not in stated.result:
        raise NotFound
    name = stated.labels.member(member)
    return render(
        request,
        "allocation/why.html",
        breadcrumb=[*above, Link(name, None)],
        here=frame,
        name=name,
        basis=stated.basis,
        result=stated.result.member(member).result,
        why=explain(stated, member, frame.zone),
        fctva=stated.fctva,
        back=back,
        frozen=back.url != frame.url + SECTION,
    )


ROUTES = [show_why]

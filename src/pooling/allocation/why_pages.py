"""« Pourquoi ? »: one member's costs, each figure with its key, its base values, its exact share and its cents."""

from litestar import Response, get

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.current import read_last_known
from pooling.allocation.page import COSTS, SECTION, SharePage, computing_since
from pooling.allocation.permissions import may_see_share
from pooling.allocation.why import explain
from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here
from pooling.web.layout import Link


@get(f"{COSTS}/{{member:str}}", right=may_see_share)
async def show_why(here: Here[SharePage]) -> Response[str]:
    """All of a member's figures explained: its own people's, anybody's for who sees all costs."""
    current, allocation = await read_last_known(here.session, here.purchase.id, here.finance, [here.member])
    return why_page(here, allocation, Link("Coûts", here.url + SECTION), computing_since(here, current))


def why_page(here: SharePage, stated: StatedPurchase, back: Link, computing: str = "") -> Response[str]:
    """The page of the member's figures, below `back`.

    Raises:
        NotFound: it is not in the allocation.
    """
    if here.member not in stated.result:
        raise NotFound
    name = stated.labels.member(here.member)
    return here.render(
        "allocation/why.html",
        name,
        name=name,
        basis=stated.basis,
        result=stated.result.member(here.member).result,
        why=explain(stated, here.member, here.zone),
        fctva=stated.fctva,
        back=back,
        computing=computing,
        frozen=back.url != here.url + SECTION,
    )


ROUTES = [show_why]

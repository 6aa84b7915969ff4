"""The list of purchases."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.purchases.kinds import KINDS
from pooling.purchases.queries import purchase_list
from pooling.purchases.rules import PURCHASE
from pooling.web.cursors import pages_after


@get("/achats", right=Right.SEE_GROUP)
async def list_purchases(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    listed, base = await purchase_list(here.session, Slice(apres)), f"{here.base}/achats"
    return here.render(
        "purchases/list.html",
        "Achats groupés",
        tabs=here.sections("/achats"),
        lines=listed.items,
        may_prepare=here.caller.may_somewhere(Right.PREPARE_PURCHASE),
        base=base,
        kinds=KINDS,
        state_tags=PURCHASE.tags,
        **pages_after(base, apres, listed),
    )


ROUTES = [list_purchases]

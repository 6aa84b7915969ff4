"""The list of purchases."""

from litestar import Response, get
from litestar.params import FromQuery

from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.purchases.kinds import KINDS
from pooling.purchases.queries import purchases_before
from pooling.purchases.rules import PURCHASE


@get("/achats", right=Right.SEE_GROUP)
async def list_purchases(here: Here[GroupPage], avant: FromQuery[int | None] = None) -> Response[str]:
    lines, next_id = await purchases_before(here.session, before_id=avant)
    return here.render(
        "purchases/list.html",
        "Achats groupés",
        lines=lines,
        may_prepare=here.caller.may_somewhere(Right.PREPARE_PURCHASE),
        next_id=next_id,
        later=avant is not None,
        base=f"{here.base}/achats",
        kinds=KINDS,
        state_tags=PURCHASE.tags,
    )


ROUTES = [list_purchases]

"""The lots of a purchase for programs."""

from collections.abc import Sequence

from litestar import get, put

from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.finding import lock_purchase
from pooling.purchases.lots import arrange_lots, lots_of
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_edit
from pooling.purchases.schemas import LotsIn
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match

LOTS = "/purchases/{reference:str}/lots"


class LotOut(ApiOut):
    number: int
    title: str
    cpv: str
    items: Sequence[str]
    """By their codes."""


class LotsOut(ApiOut):
    """How the purchase is split, by number; empty where it is not."""

    lots: Sequence[LotOut]


class LotsPut(LotsIn, ApiIn):
    """All the lots of the purchase; those that are left out are no more."""


async def _lots(here: OnPurchase) -> LotsOut:
    return LotsOut(lots=[LotOut(**lot.model_dump()) for lot in await lots_of(here.session, here.purchase.id)])


@endpoint(get, LOTS, right=Right.SEE_GROUP, tagged=True)
async def get_lots(here: Here[OnPurchase]) -> LotsOut:
    """How a purchase is split in lots."""
    return await _lots(here)


@endpoint(put, LOTS, right=may_edit, conflicts=("lots_closed",), tagged=True, matched=True)
async def put_lots(here: Here[OnPurchase], sent: LotsPut) -> LotsOut:
    """Split a purchase in lots until it is ordered. For who prepares or runs it."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _lots(here))
    await arrange_lots(here.session, here.caller, here.purchase.id, LotsIn(lots=sent.lots), here.now)
    return await _lots(here)


ROUTES = [get_lots, put_lots]

"""An item of a purchase for programs: read with all that is said of it; what else is said of it, put."""

from litestar import get, put

from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.api import ItemOut, item_out
from pooling.purchases.details import describe_item, details_of_item
from pooling.purchases.finding import lock_purchase
from pooling.purchases.item_page import OnItem
from pooling.purchases.permissions import may_edit
from pooling.purchases.schemas import DetailsIn
from pooling.web.api import ApiIn, require_match, wants_match

ITEM = "/purchases/{reference:str}/items/{item:str}"


class DetailsPut(DetailsIn, ApiIn):
    """All that is said of an item beside what it is; what is left out is said no more."""


async def _item(here: OnItem) -> ItemOut:
    return item_out(here.item, await details_of_item(here.session, here.item.id))


@endpoint(get, ITEM, right=Right.SEE_GROUP, tagged=True)
async def get_item(here: Here[OnItem]) -> ItemOut:
    """An item of a purchase."""
    return await _item(here)


@endpoint(put, f"{ITEM}/details", right=may_edit, conflicts=("purchase_over",), tagged=True, matched=True)
async def put_item_details(here: Here[OnItem], sent: DetailsPut) -> ItemOut:
    """Say what an item is to public procurement and finance, and what it costs alone. For who prepares or runs it."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _item(here))
    command = DetailsIn(**sent.model_dump())
    await describe_item(here.session, here.caller, here.purchase.id, here.item.code, command, here.now)
    return await _item(here)


ROUTES = [get_item, put_item_details]

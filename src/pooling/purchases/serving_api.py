"""The action that a purchase serves, said by a program."""

from litestar import put
from pydantic import Field

from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.purchases import serving
from pooling.purchases.api import PurchaseOut, matched_purchase, purchase_out
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_edit
from pooling.web.api import ApiIn


class ActionServedPut(ApiIn):
    action: str = Field(default="", max_length=40)
    """The reference of the action that the purchase serves; empty: none."""


@endpoint(put, "/purchases/{reference:str}/action", right=may_edit, tagged=True, matched=True)
async def serve_action(here: Here[OnPurchase], sent: ActionServedPut) -> PurchaseOut:
    """Say which action a purchase serves. For who prepares or runs it, at any time."""
    purchase = await matched_purchase(here)
    await serving.serve_action(here.session, here.caller, purchase.id, sent.action, here.now)
    return await purchase_out(here.session, purchase)


ROUTES = [serve_action]

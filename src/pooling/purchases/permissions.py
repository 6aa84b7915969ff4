"""Who may do what with a purchase."""

from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase


@permission(Right.EDIT_PURCHASE)
def may_edit(caller: Caller, purchase: Purchase) -> bool:
    """While it is in preparation: those who may prepare purchases of its lead member, and its lead buyers."""
    return caller.may(Right.EDIT_PURCHASE, member_id=purchase.lead_member_id, purchase_id=purchase.id)


@permission(Right.NAME_BUYERS)
def may_name_buyers(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the référents of its lead member: it says who buys in its name."""
    return caller.may(Right.NAME_BUYERS, member_id=purchase.lead_member_id)


@permission(Right.RUN_PURCHASE)
def may_run(caller: Caller, purchase: Purchase) -> bool:
    """Its lead buyers."""
    return caller.may(Right.RUN_PURCHASE, purchase_id=purchase.id)

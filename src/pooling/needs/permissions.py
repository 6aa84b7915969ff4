"""Who may do what with the needs of a purchase."""

from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase


@permission(Right.SEE_ALL_NEEDS)
def may_see_all_needs(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the purchase's lead buyers."""
    return caller.may(Right.SEE_ALL_NEEDS, purchase_id=purchase.id)

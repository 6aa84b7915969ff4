"""Who reads what of the journal."""

from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase


@permission(Right.SEE_JOURNAL)
def may_see_journal(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the purchase's lead buyers."""
    return caller.may(Right.SEE_JOURNAL, purchase_id=purchase.id)

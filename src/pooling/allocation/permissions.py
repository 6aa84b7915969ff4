"""Who sees what of a purchase's costs."""

from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right


@permission(Right.SEE_TOTALS)
def may_see_every_share(caller: Caller, sees_all: bool) -> bool:  # noqa: ARG001, FBT001 - read with the purchase
    """The facilitator, the purchase's lead buyers, and finance officers of those who take part; where the group shows
    every line to every member, référents too.
    """
    return sees_all

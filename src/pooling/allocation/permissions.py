"""Who sees what of a purchase's costs, and who deals with its records."""

from collections.abc import Collection

from pooling.kernel.errors import NotFound
from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right


@permission(Right.SEE_TOTALS)
def may_see_every_share(caller: Caller, sees_all: bool) -> bool:  # noqa: ARG001, FBT001 - read with the purchase
    """The facilitator, the purchase's lead buyers, and finance officers of those who take part; where the group shows
    every line to every member, référents too.
    """
    return sees_all


@permission(Right.SEE_TOTALS, refusal=NotFound)
def may_see_share(caller: Caller, own: Collection[str] | None, member: str) -> bool:  # noqa: ARG001 - read with the purchase
    """Who has a role of this member, and those who see every member's share."""
    return own is None or member in own


@permission(Right.SEE_ALL_COSTS)
def may_process(caller: Caller, paying: Collection[int]) -> bool:  # noqa: ARG001 - read with the purchase
    """Finance officers of those who take part."""
    return bool(paying)

"""Who may do what with a difficulty."""

from collections.abc import Collection

from pooling.committees.models import Difficulty
from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right


@permission(Right.SEE_GROUP)
def may_settle(caller: Caller, difficulty: Difficulty, secretaries: Collection[int]) -> bool:
    """The facilitator, who raised it, and the secretaries of the committees that have it on their agendas."""
    raised_it = difficulty.raised_by == caller.person_id
    return raised_it or caller.person_id in secretaries or caller.may(Right.MANAGE_COMMITTEES)

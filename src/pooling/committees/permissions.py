"""Who may do what with a committee."""

from pooling.committees.models import Committee
from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right


@permission(Right.SEE_GROUP)
def may_write_minutes(caller: Caller, committee: Committee) -> bool:
    """The facilitator and the committee's secretary: its minutes, its decisions, who is there."""
    return caller.may(Right.MANAGE_COMMITTEES) or committee.secretary_id == caller.person_id

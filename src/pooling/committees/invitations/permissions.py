"""Who may answer an invitation."""

from pooling.committees.invitations.answering import NOT_INVITED
from pooling.committees.people import Invited
from pooling.kernel.errors import Forbidden
from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right


@permission(Right.SEE_GROUP, refusal=lambda: Forbidden(NOT_INVITED))
def may_answer(caller: Caller, own: Invited | None) -> bool:
    """Who is invited."""
    return own is not None and own.person_id == caller.person_id

"""Who may do what with a decision."""

from pooling.committees.decisions.models import Decision
from pooling.committees.models import Committee
from pooling.committees.permissions import may_write_minutes
from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right
from pooling.members.subjects import Subjects


@permission(Right.SEE_GROUP)
def may_follow(caller: Caller, decision: Decision) -> bool:
    """Its owner, and the facilitator: they keep its state and its due date."""
    return decision.owner_id == caller.person_id or caller.may(Right.MANAGE_COMMITTEES)


@permission(Right.SEE_GROUP)
def may_apply(caller: Caller, committee: Committee, decision: Decision, subjects: Subjects) -> bool:
    """The facilitator, the committee's secretary, and who runs what the decision is about."""
    return may_write_minutes(caller, committee) or subjects.runs(caller, decision.about)

"""Who may do what with the group's actions."""

from pooling.actions.models import Action, ActionState
from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right


class ActionRight(AnyRight):
    LEAD_ACTIONS = ("lead_actions", Role.FACILITATOR)
    """Whoever keeps the working group going says where each action stands."""
    KEEP_PARTNERS = ("keep_partners", Role.FACILITATOR, Role.REFERENT, Role.PURCHASING, Role.FINANCE)


@permission(Right.SEE_GROUP)
def may_propose(caller: Caller) -> bool:
    """Everybody of the group."""
    return caller.may_somewhere(Right.SEE_GROUP)


@permission(Right.SEE_GROUP)
def may_write(caller: Caller, action: Action) -> bool:
    """The facilitator; people of the member that looks after it; its author while it is proposed."""
    if caller.may(ActionRight.LEAD_ACTIONS):
        return True
    if action.lead_member_id is not None and action.lead_member_id in caller.members_as(
        Role.REFERENT, Role.PURCHASING, Role.FINANCE
    ):
        return True
    return action.state == ActionState.PROPOSED and action.proposed_by == caller.person_id


@permission(ActionRight.KEEP_PARTNERS)
def may_keep_partners(caller: Caller) -> bool:
    """The facilitator, and the people of every member."""
    return caller.may_somewhere(ActionRight.KEEP_PARTNERS)


@permission(ActionRight.LEAD_ACTIONS)
def may_move(caller: Caller) -> bool:
    """The facilitator."""
    return caller.may(ActionRight.LEAD_ACTIONS)

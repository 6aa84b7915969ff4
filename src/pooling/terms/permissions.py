"""Who answers to terms; whoever writes an action's sheet writes its terms."""

from pooling.actions.models import Action
from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right


class TermsRight(AnyRight):
    ANSWER_TERMS = ("answer_terms", Role.FACILITATOR, Role.REFERENT)
    """On a member: whether it is in."""


@permission(TermsRight.ANSWER_TERMS)
def may_answer(caller: Caller, member: Member) -> bool:
    """The member's référents, and the facilitator for it."""
    return caller.may(TermsRight.ANSWER_TERMS, member_id=member.id)


@permission(Right.PREPARE_PURCHASE)
def may_begin(caller: Caller, action: Action) -> bool:
    """The facilitator; référents and purchasing staff of the member that looks after the action."""
    return caller.may(Right.PREPARE_PURCHASE, member_id=action.lead_member_id)

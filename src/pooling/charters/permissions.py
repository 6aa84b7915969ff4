"""Who signs the charter for a member, and who asks members to."""

from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class CharterRight(AnyRight):
    SIGN_CHARTER = ("sign_charter", Role.FACILITATOR, Role.REFERENT)
    """On a member: in its name."""
    ASK_TO_SIGN = ("ask_to_sign", Role.FACILITATOR)


@permission(CharterRight.SIGN_CHARTER)
def may_sign(caller: Caller, member: Member) -> bool:
    """The member's référents, and the facilitator for what was signed on paper."""
    return caller.may(CharterRight.SIGN_CHARTER, member_id=member.id)

"""Who sees what members engage and pay over all purchases."""

from pooling.kernel.errors import NotFound
from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class FinanceRight(AnyRight):
    SEE_FINANCES = ("see_finances", Role.FACILITATOR, Role.FINANCE)
    """On a member; the facilitator on all of them."""
    SEE_EVERYBODYS = ("see_everybodys_finances", Role.FACILITATOR)


@permission(FinanceRight.SEE_FINANCES, refusal=NotFound)
def may_see_finances(caller: Caller, member: Member) -> bool:
    """The member's finance officers, and the facilitator."""
    return caller.may(FinanceRight.SEE_FINANCES, member_id=member.merged_into_id or member.id)


@permission(FinanceRight.SEE_FINANCES, refusal=NotFound)
def may_say_fctva_delay(caller: Caller, member: Member) -> bool:
    """The same people."""
    return may_see_finances(caller, member)

"""Who may do what with the needs of a purchase."""

from typing import Protocol

from pooling.kernel.errors import NotFound
from pooling.members.permissions import permission
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase


class Known(Protocol):
    """A purchase or a member, or as much of one as was read."""

    @property
    def id(self) -> int: ...


@permission(Right.SEE_ALL_NEEDS)
def may_see_all_needs(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the purchase's lead buyers."""
    return caller.may(Right.SEE_ALL_NEEDS, purchase_id=purchase.id)


@permission(Right.GATHER_NEEDS)
def may_gather(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the purchase's lead buyers, while its collection is open."""
    return caller.may(Right.GATHER_NEEDS, purchase_id=purchase.id)


@permission(Right.SEE_DECLARATION, refusal=NotFound)
def may_see_declaration(caller: Caller, purchase: Known, member: Known) -> bool:
    """Those whose business it is; where the group shows every line to every member, référents and finance officers."""
    return is_involved(caller, purchase, member) or caller.sees_all_lines(purchase.id)


def is_involved(caller: Caller, purchase: Known, member: Known) -> bool:
    """The member's référents and finance officers, the facilitator and the purchase's lead buyers: they see drafts."""
    return caller.may(Right.SEE_DECLARATION, member_id=member.id, purchase_id=purchase.id)


@permission(Right.FILE_NEEDS)
def may_file(caller: Caller, member: Known) -> bool:
    """The member's référents."""
    return caller.may(Right.FILE_NEEDS, member_id=member.id)

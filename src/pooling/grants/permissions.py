"""Who sees and keeps files of subsidies."""

from pooling.grants.models import Grant
from pooling.kernel.errors import NotFound
from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class GrantRight(AnyRight):
    KEEP_GRANTS = ("keep_grants", Role.FACILITATOR, Role.FINANCE)
    """On the member that asks; the facilitator on all of them, and on the group's own."""


def keeps_for(caller: Caller, member_id: int | None) -> bool:
    return caller.may(GrantRight.KEEP_GRANTS, member_id=member_id)


@permission(GrantRight.KEEP_GRANTS, refusal=NotFound)
def may_see_grant(caller: Caller, grant: Grant) -> bool:
    """The facilitator, the finance officers of the member that asks; of the group's own, all finance officers."""
    return grant.member_id is None or keeps_for(caller, grant.member_id)


@permission(GrantRight.KEEP_GRANTS)
def may_keep_grant(caller: Caller, grant: Grant) -> bool:
    """The facilitator, and the finance officers of the member that asks."""
    return keeps_for(caller, grant.member_id)

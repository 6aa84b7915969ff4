"""Who says how a purchase is bought, and who speaks for a member."""

from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right
from pooling.purchases.models import Purchase


class ProcurementRight(AnyRight):
    PLAN_PROCUREMENT = (
        "plan_procurement",
        *(Role.FACILITATOR, Role.LEAD_BUYER, Role.REFERENT, Role.PURCHASING),
    )
    STATE_PROCUREMENT = (
        "state_procurement",
        *(Role.FACILITATOR, Role.LEAD_BUYER, Role.REFERENT, Role.PURCHASING, Role.FINANCE),
    )
    """On a member: what it has bought this year, its deliberation."""


@permission(ProcurementRight.PLAN_PROCUREMENT)
def may_plan(caller: Caller, purchase: Purchase) -> bool:
    """The lead buyers, and those who prepare purchases of its lead member."""
    return caller.may(Right.RUN_PURCHASE, purchase_id=purchase.id) or caller.may(
        Right.PREPARE_PURCHASE, member_id=purchase.lead_member_id
    )


@permission(ProcurementRight.STATE_PROCUREMENT)
def may_state(caller: Caller, purchase: Purchase, member_id: int) -> bool:
    """The member's référents, purchasing staff and finance officers, and those who plan."""
    mine = caller.may(ProcurementRight.STATE_PROCUREMENT, member_id=member_id, purchase_id=purchase.id)
    return mine or may_plan(caller, purchase)

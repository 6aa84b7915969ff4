"""Who reads and keeps the papers of a groupement."""

from pooling.members.permissions import permission
from pooling.members.rights import Caller
from pooling.procurement.permissions import ProcurementRight
from pooling.purchases.models import Purchase


@permission(ProcurementRight.STATE_PROCUREMENT)
def may_read_deliberation(caller: Caller, purchase: Purchase, member_id: int) -> bool:
    """The member's référents, purchasing staff and finance officers, the facilitator and the purchase's lead buyers: it
    says what the member pays.
    """
    return caller.may(ProcurementRight.STATE_PROCUREMENT, member_id=member_id, purchase_id=purchase.id)

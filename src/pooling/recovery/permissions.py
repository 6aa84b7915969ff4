"""Who notes titres and payments."""

from collections.abc import Collection

from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class RecoveryRight(AnyRight):
    KEEP_RECOVERY = ("keep_recovery", Role.LEAD_BUYER, Role.FINANCE)
    """On a purchase, or on the creditor."""


@permission(RecoveryRight.KEEP_RECOVERY)
def may_recover(caller: Caller, recovers: Collection[int]) -> bool:  # noqa: ARG001 - read with the purchase
    """Lead buyers of the purchase, and finance officers of the creditor."""
    return bool(recovers)


def recovers_for(caller: Caller, purchase_id: int, creditor_id: int) -> bool:
    return caller.may(RecoveryRight.KEEP_RECOVERY, member_id=creditor_id, purchase_id=purchase_id)

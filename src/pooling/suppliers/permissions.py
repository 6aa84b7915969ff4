"""Who keeps the group's suppliers."""

from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class SupplierRight(AnyRight):
    KEEP_SUPPLIERS = (
        "keep_suppliers",
        *(Role.FACILITATOR, Role.LEAD_BUYER, Role.REFERENT, Role.PURCHASING),
    )
    """Those who prepare or run purchases: whom one buys from is the whole group's."""


@permission(SupplierRight.KEEP_SUPPLIERS)
def may_keep(caller: Caller) -> bool:
    """Everybody who prepares or runs a purchase of the group."""
    return caller.may_somewhere(SupplierRight.KEEP_SUPPLIERS)

"""Who sees a purchase's bills, who notes and who decides on them."""

from collections.abc import Collection
from dataclasses import dataclass

from pooling.bills.models import Bill
from pooling.kernel.errors import NotFound
from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right
from pooling.purchases.models import Purchase


class BillRight(AnyRight):
    KEEP_BILLS = ("keep_bills", Role.LEAD_BUYER, Role.FINANCE)
    """On a purchase, on its lead member, or on the member that ordered."""
    SEE_BILLS = ("see_bills", Role.FACILITATOR, Role.LEAD_BUYER, Role.FINANCE, Role.REFERENT)


@dataclass(frozen=True)
class Reach:
    """Whose bills a caller sees: everybody's, those of the lead for all who pay, those of its own members."""

    everything: bool
    common: bool
    own: frozenset[int]

    def covers(self, member_id: int | None) -> bool:
        return self.everything or (self.common if member_id is None else member_id in self.own)


def sees_everything(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator, the lead buyers, the lead member's finance; everybody where the group shows every line."""
    led = {"member_id": purchase.lead_member_id, "purchase_id": purchase.id}
    return caller.sees_all_lines(purchase.id) or caller.may(Right.SEE_ALL_COSTS, **led)


@permission(BillRight.KEEP_BILLS)
def may_note_bills(caller: Caller, purchase: Purchase, buyers: Collection[int]) -> bool:
    """The lead buyers and the lead member's finance; where members order themselves, their finance too."""
    return may_decide_for(caller, purchase, None) or any(may_decide_for(caller, purchase, buyer) for buyer in buyers)


@permission(BillRight.KEEP_BILLS)
def may_decide(caller: Caller, purchase: Purchase, bill: Bill) -> bool:
    """The lead buyers and the lead member's finance; of a bill to a member that ordered, its finance too."""
    return may_decide_for(caller, purchase, bill.member_id)


@permission(BillRight.SEE_BILLS, refusal=NotFound)
def may_see_bill(caller: Caller, reach: Reach, bill: Bill) -> bool:  # noqa: ARG001 - read with the purchase
    """The facilitator, the lead buyers, the finance officers of those who pay it; of a bill to one member, its
    référents too.
    """
    return reach.covers(bill.member_id)


def may_decide_for(caller: Caller, purchase: Purchase, payer: int | None) -> bool:
    """Whether the caller may decide on bills that this member pays; None: the lead, for everybody."""
    lead = caller.may(BillRight.KEEP_BILLS, member_id=purchase.lead_member_id, purchase_id=purchase.id)
    return lead or (payer is not None and caller.may(BillRight.KEEP_BILLS, member_id=payer))

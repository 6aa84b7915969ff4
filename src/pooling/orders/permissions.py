"""Who sees the orders of a purchase, and who may do what with them."""

from collections.abc import Collection

from pooling.kernel.errors import NotFound
from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right
from pooling.orders.models import Order
from pooling.purchases.models import Purchase


class OrderRight(AnyRight):
    SEE_ORDERS = ("see_orders", Role.FACILITATOR, Role.LEAD_BUYER, Role.REFERENT, Role.FINANCE)
    DESCRIBE_BUYER = ("describe_buyer", Role.FACILITATOR, Role.REFERENT, Role.FINANCE)
    """On a member: what orders and invoices call it."""


@permission(OrderRight.SEE_ORDERS)
def may_see_orders(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the purchase's lead buyers; référents and finance officers, what concerns their member."""
    return sees_every_order(caller, purchase) or bool(concerned_as(caller))


@permission(OrderRight.SEE_ORDERS, refusal=NotFound)
def may_see_order(caller: Caller, purchase: Purchase, concerned: Collection[int]) -> bool:
    """Whoever sees all of the purchase's; the référents and finance officers of a member that it is for."""
    return sees_every_order(caller, purchase) or any(member in concerned for member in concerned_as(caller))


@permission(OrderRight.SEE_ORDERS, refusal=NotFound)
def may_see_document(caller: Caller, purchase: Purchase, order: Order) -> bool:
    """Whoever sees everybody's lines, which it names; the référents and finance officers of the member that buys."""
    return sees_every_line(caller, purchase) or order.member_id in concerned_as(caller)


@permission(OrderRight.DESCRIBE_BUYER)
def may_describe_buyer(caller: Caller, member: Member) -> bool:
    """The member's référents and finance officers, and the facilitator for it."""
    return caller.may(OrderRight.DESCRIBE_BUYER, member_id=member.id)


def concerned_as(caller: Caller) -> list[int]:
    """The members whose orders the caller sees."""
    return caller.members_as(Role.REFERENT, Role.FINANCE)


def sees_every_order(caller: Caller, purchase: Purchase) -> bool:
    return caller.may(Right.SEE_ALL_NEEDS, purchase_id=purchase.id)


def sees_every_line(caller: Caller, purchase: Purchase) -> bool:
    """Not only those of its own members: so does everybody where the group shows every line to every member."""
    return caller.sees_all_lines(purchase.id)

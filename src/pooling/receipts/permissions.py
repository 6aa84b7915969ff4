"""Who sees what arrived, and who notes it."""

from collections.abc import Collection

from pooling.kernel.errors import NotFound
from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right
from pooling.purchases.models import Purchase


class ReceiptRight(AnyRight):
    SEE_RECEIPTS = ("see_receipts", Role.FACILITATOR, Role.LEAD_BUYER, Role.REFERENT, Role.FINANCE)
    NOTE_RECEIPTS = ("note_receipts", Role.LEAD_BUYER, Role.REFERENT)
    """On a member: what its sites receive."""


@permission(ReceiptRight.SEE_RECEIPTS)
def may_see_receipts(caller: Caller, purchase: Purchase) -> bool:
    """The facilitator and the purchase's lead buyers; référents and finance officers, what their members receive."""
    return sees_all_receipts(caller, purchase) or bool(members_seen(caller))


@permission(ReceiptRight.SEE_RECEIPTS, refusal=NotFound)
def may_see_member_receipts(caller: Caller, purchase: Purchase, member: Member) -> bool:
    """The member's référents and finance officers, the facilitator and the purchase's lead buyers."""
    return caller.may(ReceiptRight.SEE_RECEIPTS, member_id=member.id, purchase_id=purchase.id)


@permission(ReceiptRight.SEE_RECEIPTS, refusal=NotFound)
def may_see_receipt(caller: Caller, purchase: Purchase, concerned: Collection[int]) -> bool:
    """Whoever sees all of the purchase's; the référents and finance officers of a member that it is about."""
    return sees_all_receipts(caller, purchase) or any(member in concerned for member in members_seen(caller))


@permission(ReceiptRight.NOTE_RECEIPTS)
def may_note(caller: Caller, purchase: Purchase, member: Member) -> bool:
    """The member's référents, and the purchase's lead buyers."""
    return notes_for(caller, purchase, [member.id])


@permission(ReceiptRight.NOTE_RECEIPTS)
def may_note_some(caller: Caller, purchase: Purchase) -> bool:
    """The purchase's lead buyers; référents, what their members receive."""
    return notes_for(caller, purchase, [0]) or bool(caller.members_as(Role.REFERENT))


@permission(ReceiptRight.NOTE_RECEIPTS)
def may_correct(caller: Caller, purchase: Purchase, concerned: Collection[int]) -> bool:
    """The référents of all the members that it is about, and the purchase's lead buyers."""
    return notes_for(caller, purchase, concerned)


@permission(ReceiptRight.NOTE_RECEIPTS)
def may_complete(caller: Caller, purchase: Purchase, buyer_id: int | None) -> bool:
    """The purchase's lead buyers; where a member buys by itself, its référents too."""
    return notes_for(caller, purchase, [0 if buyer_id is None else buyer_id])


def notes_for(caller: Caller, purchase: Purchase, members: Collection[int]) -> bool:
    """Whether the caller notes what each of these members receives."""
    return bool(members) and all(
        caller.may(ReceiptRight.NOTE_RECEIPTS, member_id=member, purchase_id=purchase.id) for member in members
    )


def sees_all_receipts(caller: Caller, purchase: Purchase) -> bool:
    return caller.may(Right.SEE_ALL_NEEDS, purchase_id=purchase.id)


def members_seen(caller: Caller) -> list[int]:
    """The members whose receipts the caller sees."""
    return caller.members_as(Role.REFERENT, Role.FINANCE)

"""Who offers, asks, answers and notes."""

from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller
from pooling.resources.models import Lending, Resource


class ResourceRight(AnyRight):
    OFFER_RESOURCES = ("offer_resources", Role.FACILITATOR, Role.REFERENT)
    """On a member: what it lends, and its answers to who asks."""
    ASK_RESOURCES = ("ask_resources", Role.REFERENT)
    """On a member: what it borrows."""
    FOLLOW_LENDINGS = ("follow_lendings", Role.FACILITATOR, Role.REFERENT)
    """On either side of a lending: reading it, ending it, noting its use."""


@permission(ResourceRight.OFFER_RESOURCES)
def may_offer(caller: Caller, member: Member) -> bool:
    """The member's référents, and the facilitator for it."""
    return caller.may(ResourceRight.OFFER_RESOURCES, member_id=member.id)


@permission(ResourceRight.OFFER_RESOURCES)
def may_keep(caller: Caller, resource: Resource) -> bool:
    """The référents of the member that offers it, and the facilitator for it."""
    return caller.may(ResourceRight.OFFER_RESOURCES, member_id=resource.member_id)


@permission(ResourceRight.ASK_RESOURCES)
def may_ask(caller: Caller, resource: Resource) -> bool:
    """The référents of another member than the one that offers it."""
    return bool(set(caller.members_as(Role.REFERENT)) - {resource.member_id})


@permission(ResourceRight.FOLLOW_LENDINGS)
def may_follow(caller: Caller, lending: Lending, resource: Resource) -> bool:
    """The référents of both members, and the facilitator."""
    sides = (lending.member_id, resource.member_id)
    return any(caller.may(ResourceRight.FOLLOW_LENDINGS, member_id=member_id) for member_id in sides)


@permission(ResourceRight.FOLLOW_LENDINGS)
def may_take_back(caller: Caller, lending: Lending) -> bool:
    """The référents of the member that asks, and the facilitator for it."""
    return caller.may(ResourceRight.FOLLOW_LENDINGS, member_id=lending.member_id)

"""Who says where a member is delivered."""

from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class SiteRight(AnyRight):
    KEEP_SITES = ("keep_sites", Role.FACILITATOR, Role.REFERENT)
    """On a member: its sites, and how what it gets is divided among them."""


@permission(SiteRight.KEEP_SITES)
def may_keep_sites(caller: Caller, member: Member) -> bool:
    """The member's référents, and the facilitator for it."""
    return caller.may(SiteRight.KEEP_SITES, member_id=member.id)

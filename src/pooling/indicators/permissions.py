"""Who notes what no table knows: the days that agents gave, what one assumes of journeys."""

from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller


class IndicatorRight(AnyRight):
    NOTE_DAYS = ("note_days", Role.FACILITATOR, Role.REFERENT)
    """On a member: the days that its agents gave."""
    ASSUME = ("assume", Role.FACILITATOR)
    """What journeys an item replaces."""


@permission(IndicatorRight.NOTE_DAYS)
def may_note(caller: Caller) -> bool:
    """The facilitator, and référents: each for its own members."""
    return caller.may_somewhere(IndicatorRight.NOTE_DAYS)


@permission(IndicatorRight.NOTE_DAYS)
def may_note_for(caller: Caller, member_id: int) -> bool:
    """The member's référents, and the facilitator for it."""
    return caller.may(IndicatorRight.NOTE_DAYS, member_id=member_id)


@permission(IndicatorRight.ASSUME)
def may_assume(caller: Caller) -> bool:
    """The facilitator."""
    return caller.may(IndicatorRight.ASSUME)

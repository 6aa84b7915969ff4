"""Who may do what with the group's experience."""

from pooling.experiences.models import Experience
from pooling.members.models import Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right


class ExperienceRight(AnyRight):
    KEEP_EXPERIENCES = ("keep_experiences", Role.FACILITATOR)
    """Whoever keeps the working group going consents in its name that others read."""


@permission(Right.SEE_GROUP)
def may_tell(caller: Caller) -> bool:
    """Everybody of the group."""
    return caller.may_somewhere(Right.SEE_GROUP)


@permission(Right.SEE_GROUP)
def may_correct(caller: Caller, experience: Experience) -> bool:
    """Who told it, and the facilitator."""
    return experience.told_by == caller.person_id or caller.may(ExperienceRight.KEEP_EXPERIENCES)


@permission(ExperienceRight.KEEP_EXPERIENCES)
def may_share(caller: Caller) -> bool:
    """The facilitator, for the group."""
    return caller.may(ExperienceRight.KEEP_EXPERIENCES)

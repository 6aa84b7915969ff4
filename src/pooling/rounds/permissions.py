"""Who prepares rounds, who votes, who reads what."""

from pooling.members.models import Member, Role
from pooling.members.permissions import permission
from pooling.members.rights import AnyRight, Caller, Right
from pooling.rounds.models import Round
from pooling.rounds.rules import is_revealed


class RoundRight(AnyRight):
    LEAD_ROUNDS = ("lead_rounds", Role.FACILITATOR)
    """Whoever keeps the working group going asks it what comes first."""
    VOTE_IN_ROUNDS = ("vote_in_rounds", Role.REFERENT)
    """For its member."""


@permission(RoundRight.LEAD_ROUNDS)
def may_lead(caller: Caller) -> bool:
    """The facilitator."""
    return caller.may(RoundRight.LEAD_ROUNDS)


@permission(RoundRight.VOTE_IN_ROUNDS)
def may_vote(caller: Caller, member: Member) -> bool:
    """The member's référents."""
    return caller.may(RoundRight.VOTE_IN_ROUNDS, member_id=member.id)


@permission(Right.SEE_GROUP)
def may_read_ballot(caller: Caller, round: Round, member: Member) -> bool:  # noqa: A002 - the word of the field
    """The member's référents; everybody of the group once the votes are known."""
    return is_revealed(round) or caller.may(RoundRight.VOTE_IN_ROUNDS, member_id=member.id)

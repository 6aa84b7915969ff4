"""What stands on one's own invitation to a committee: the page where one answers, and the calls of programs."""

from dataclasses import dataclass
from typing import Self

from pooling.committees.page import CommitteePage, OnCommittee
from pooling.committees.people import Invited, invited_person
from pooling.members.group_page import InGroup


@dataclass(frozen=True)
class OnOwnInvitation(OnCommittee):
    """A request about the caller's own invitation to the committee that its address names."""

    own: Invited | None
    """None: the caller is not invited."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnCommittee.load(here)
        return cls(**vars(about), own=await invited_person(here.session, about.committee.id, here.caller.person_id))


@dataclass(frozen=True)
class OwnInvitationPage(OnOwnInvitation, CommitteePage):
    """The page where one answers."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await CommitteePage.load(here)
        return cls(**vars(about), own=await invited_person(here.session, about.committee.id, here.caller.person_id))

"""What the pages of a member's answer share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.actions.keeping import find_action
from pooling.actions.page import ONE, ActionPage, OnAction
from pooling.members.changing import member_by_code
from pooling.members.group_page import InGroup
from pooling.members.models import Member
from pooling.web.layout import Link

TERMS = f"{ONE}/modalites"
ANSWER = f"{TERMS}/reponses/{{member:str}}"
TITLE = "Modalités"


@dataclass(frozen=True)
class OnAnswer(OnAction):
    """A request about what the member that the address names answers to the action that it names."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        action = await find_action(here.session, here.named["action"])
        return cls(**vars(here), action=action, member=await member_by_code(here.session, here.named["member"]))


@dataclass(frozen=True)
class AnswerPage(OnAnswer, ActionPage):
    """A page of it."""

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(TITLE, f"{self.url}/modalites")]

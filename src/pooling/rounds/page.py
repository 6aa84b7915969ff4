"""What the pages of one round, and of one ballot, share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.actions.page import ACTIONS
from pooling.members.changing import member_by_code
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.models import Member
from pooling.rounds.finding import find_round
from pooling.rounds.models import Round
from pooling.web.layout import Link

ROUNDS = f"{ACTIONS}/tours"
ROUND = f"{ROUNDS}/{{round:str}}"
BALLOTS = f"{ROUND}/bulletins"
BALLOT = f"{BALLOTS}/{{member:str}}"


@dataclass(frozen=True)
class OnRound(InGroup):
    """A request about the round that its address names."""

    round: Round

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), round=await find_round(here.session, here.named["round"]))


@dataclass(frozen=True)
class RoundPage(OnRound, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{ROUNDS}/{self.round.reference}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            Link("Actions", self.base + ACTIONS),
            Link("Tours de priorisation", self.base + ROUNDS),
            Link(self.round.title, self.url),
        ]


@dataclass(frozen=True)
class OnBallot(OnRound):
    """A request about the ballot of a member."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        found = await find_round(here.session, here.named["round"])
        return cls(**vars(here), round=found, member=await member_by_code(here.session, here.named["member"]))


@dataclass(frozen=True)
class BallotPage(OnBallot, RoundPage):
    """A page of it."""

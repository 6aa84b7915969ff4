"""What the pages of one member share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.members.changing import member_by_code
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.models import Member
from pooling.web.layout import Link


@dataclass(frozen=True)
class OnMember(InGroup):
    """A request about the member that its address names."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        named = here.named  # pages and the interface for programs have their own words
        return cls(**vars(here), member=await member_by_code(here.session, named.get("code") or named["member"]))


@dataclass(frozen=True)
class MemberPage(OnMember, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}/membres/{self.member.code}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Membres", f"{self.base}/membres"), Link(self.member.name, self.url)]

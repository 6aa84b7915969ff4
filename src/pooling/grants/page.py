"""What the pages of one file of a subsidy share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.grants.keeping import find_grant
from pooling.grants.models import Grant
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.web.layout import Link

FINANCES = "/finances"
"""The entry under which they stand."""
GRANTS = f"{FINANCES}/subventions"
ONE = f"{GRANTS}/{{grant_id:int}}"
TITLE = "Subventions"


def own_members(caller: Caller) -> list[int] | None:
    """Ids of the members whose files the caller sees beside the group's own; None: everybody's."""
    return None if caller.has(Role.FACILITATOR) else caller.members_as(Role.FINANCE)


@dataclass(frozen=True)
class OnGrant(InGroup):
    """A request about the file that its address names."""

    grant: Grant

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), grant=await find_grant(here.session, here.named["grant_id"]))


@dataclass(frozen=True)
class GrantPage(OnGrant, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{GRANTS}/{self.grant.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(TITLE, self.base + GRANTS), Link(self.grant.title, self.url)]

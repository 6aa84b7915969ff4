"""What the pages of somebody of the group share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.members.group_page import GroupPage, InGroup
from pooling.members.people_queries import PersonShown, find_person
from pooling.web.layout import Link


@dataclass(frozen=True)
class PersonPage(GroupPage):
    """A page of somebody who holds a role in the group."""

    person: PersonShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), person=await find_person(here.session, here.named["person_id"]))

    @property
    def url(self) -> str:
        return f"{self.base}/personnes/{self.person.id}"

    @property
    def above(self) -> Sequence[Link]:
        listed = (Link("Membres", f"{self.base}/membres"), Link("Personnes", f"{self.base}/personnes"))
        return [*super().above, *listed, Link(self.person.name, self.url)]

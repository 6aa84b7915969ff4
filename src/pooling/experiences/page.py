"""What the pages of one experience share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.experiences.keeping import find_experience
from pooling.experiences.models import Experience
from pooling.members.group_page import GroupPage, InGroup
from pooling.web.layout import Link

EXPERIENCES = "/experiences"
ELSEWHERE = f"{EXPERIENCES}/ailleurs"
ONE = f"{EXPERIENCES}/{{experience_id:int}}"


@dataclass(frozen=True)
class OnExperience(InGroup):
    """A request about the experience that its address names."""

    experience: Experience

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), experience=await find_experience(here.session, here.named["experience_id"]))


@dataclass(frozen=True)
class ExperiencePage(OnExperience, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{EXPERIENCES}/{self.experience.id}"

    @property
    def above(self) -> Sequence[Link]:
        listed = Link("Retours d’expérience", self.base + EXPERIENCES)
        return [*super().above, listed, Link(self.experience.title, self.url)]

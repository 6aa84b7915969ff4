"""What the pages of one agenda item share, and those of one difficulty, with the calls of programs about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from pooling.committees.agendas.difficulty_queries import difficulty_by_id, secretaries_concerned
from pooling.committees.agendas.queries import AgendaLine, agenda_lines
from pooling.committees.models import Difficulty
from pooling.committees.page import CommitteePage
from pooling.kernel.errors import NotFound
from pooling.members.group_page import GroupPage, InGroup
from pooling.web.layout import Link

AGENDA = "/ordre-du-jour"
"""From a committee on."""
DIFFICULTIES = "/comites/difficultes"
"""From the group on."""


@dataclass(frozen=True)
class AgendaItemPage(CommitteePage):
    """A page of an item of a committee's agenda."""

    line: AgendaLine
    count: int
    """How many items there are."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await CommitteePage.load(here)
        lines = await agenda_lines(here.session, about.committee, here.zone, here.now)
        line = next((line for line in lines if line.id == here.named["item_id"]), None)
        if line is None:
            raise NotFound
        return cls(**vars(about), line=line, count=len(lines))

    @property
    def agenda_url(self) -> str:
        return self.committee_url + AGENDA

    @property
    def url(self) -> str:
        return f"{self.agenda_url}/{self.line.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Ordre du jour", self.agenda_url), Link(self.name, self.url)]

    @property
    def name(self) -> str:
        return f"Point {self.line.position}"


@dataclass(frozen=True)
class OnDifficulty(InGroup):
    """A request about the difficulty that its address names."""

    difficulty: Difficulty
    secretaries: Collection[int]
    """Of the committees that have it on their agendas."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        difficulty = await difficulty_by_id(here.session, here.named["difficulty_id"])
        secretaries = await secretaries_concerned(here.session, difficulty.id)
        return cls(**vars(here), difficulty=difficulty, secretaries=secretaries)


@dataclass(frozen=True)
class DifficultyPage(OnDifficulty, GroupPage):
    """A page of a difficulty."""

    @property
    def url(self) -> str:
        return f"{self.base}{DIFFICULTIES}/{self.difficulty.id}"

    @property
    def above(self) -> Sequence[Link]:
        listed = Link("Difficultés", self.base + DIFFICULTIES)
        return [*super().above, Link("Comités", f"{self.base}/comites"), listed, Link(self.name, self.url)]

    @property
    def name(self) -> str:
        return f"Difficulté n°\u00a0{self.difficulty.id}"

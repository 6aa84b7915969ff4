"""What the pages of one decision share, and the calls of programs about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.committees.decisions.models import Decision
from pooling.committees.decisions.queries import DecisionShown, find_decision
from pooling.committees.page import MINUTES, CommitteePage, OnCommittee
from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.members.subjects import Subject, SubjectKind, Subjects
from pooling.web.layout import Link


@dataclass(frozen=True)
class OnDecision(OnCommittee):
    """A request about the decision that its address names, which the caller may read."""

    shown: DecisionShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        shown = await find_decision(here.session, here.caller, here.named["committee_id"], here.named["number"])
        return cls(**vars(here), committee=shown.committee, shown=shown)

    @property
    def decision(self) -> Decision:
        return self.shown.decision

    @property
    def subjects(self) -> Subjects:
        return self.features.subjects


@dataclass(frozen=True)
class DecisionPage(OnDecision, CommitteePage):
    """A page of a decision."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await CommitteePage.load(here)
        shown = await find_decision(here.session, here.caller, about.committee.id, here.named["number"])
        return cls(**vars(about), shown=shown)

    @property
    def url(self) -> str:
        return self.base + self.shown.path

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Compte-rendu", self.committee_url + MINUTES), Link(self.name, self.url)]

    @property
    def name(self) -> str:
        return f"Décision n°\u00a0{self.decision.number}"

    def about(self) -> tuple[SubjectKind, Subject]:
        """What it is about.

        Raises:
            NotFound: nothing.
        """
        subject = self.shown.subject
        if subject is None:
            raise NotFound("Choisissez d’abord ce que la décision concerne.")
        return self.subjects[subject.kind], subject

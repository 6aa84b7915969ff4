"""What every page of one committee shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from litestar.response import Redirect

from pooling.committees.attendance_rules import NOT_CLOSED, Quorum, attendance_open
from pooling.committees.models import Committee, CommitteeKind, CommitteeState
from pooling.committees.people import quorum_of
from pooling.committees.permissions import may_write_minutes
from pooling.committees.queries import committee_by_id
from pooling.committees.rules import COMMITTEE, TO_COME
from pooling.committees.words import KIND_WORDS, zone_words
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.rights import Right
from pooling.web.layout import Link, redirect
from pooling.web.typography import date_time_long, time_short

MINUTES = "/compte-rendu"
TABS: tuple[tuple[str, str], ...] = (
    ("En bref", ""),
    ("Ordre du jour", "/ordre-du-jour"),
    ("Personnes", "/personnes"),
    ("Compte-rendu", MINUTES),
)
"""The pages of one committee."""
ATTENDANCE = "/presence"
"""Among them as long as it is time to say who is there, and when one comes to it all the same."""


@dataclass(frozen=True)
class OnCommittee(InGroup):
    """A request about the committee that its address names."""

    committee: Committee

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), committee=await committee_by_id(here.session, here.named["committee_id"]))


@dataclass(frozen=True)
class CommitteePage(OnCommittee, GroupPage):
    """A page of a committee."""

    quorum: Quorum | None
    """Of a formal committee, where the group set one."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnCommittee.load(here)
        return cls(**vars(about), quorum=await quorum_of(here.session, about.committee, here.now))

    @property
    def committee_url(self) -> str:
        return f"{self.base}/comites/{self.committee.id}"

    @property
    def url(self) -> str:
        return self.committee_url

    @property
    def above(self) -> Sequence[Link]:
        listed = Link("Comités", f"{self.base}/comites")
        return [*super().above, listed, Link(self.committee.title, self.committee_url)]

    @property
    def manages(self) -> bool:
        """Whether the caller plans committees."""
        return self.caller.may(Right.MANAGE_COMMITTEES)

    @property
    def writes(self) -> bool:
        """Whether the caller writes the minutes and ticks who is there."""
        return may_write_minutes(self.caller, self.committee)

    @property
    def is_writable(self) -> bool:
        """Whether its minutes and decisions may be written: it has begun, and they are not published."""
        begun = self.committee.state in TO_COME and self.committee.starts_at <= self.now
        return begun or self.committee.state == CommitteeState.HELD

    @property
    def state_tag(self) -> str:
        return COMMITTEE.tag(self.committee.state)

    @property
    def state_word(self) -> str:
        return COMMITTEE.word(self.committee.state)

    @property
    def zone_words(self) -> str:
        return zone_words(self.zone.key)

    @property
    def when(self) -> str:
        """`Mardi 30 mars 2027 à 14 h, jusqu’à 16 h (heure de Paris)`."""
        starts = date_time_long(self.committee.starts_at, self.zone, with_year=True)
        ends = time_short(self.committee.ends_at, self.zone)
        return f"{starts[0].upper()}{starts[1:]}, jusqu’à {ends} ({self.zone_words})"

    @property
    def whereabouts(self) -> Sequence[Mapping[str, str]]:
        """When, what sort of meeting, where: a summary list."""
        kind = KIND_WORDS[CommitteeKind(self.committee.kind)]
        facts = (("Quand", self.when), ("Réunion", kind), ("Lieu", self.committee.place))
        return [{"label": label, "value": value} for label, value in facts if value]

    def to_committee(self, path: str, *, done: str) -> Redirect:
        """As `redirect`, at a path from the committee on."""
        return redirect(self.request, self.committee_url + path, done=done)

    def tabs(self, shown: str) -> list[Link]:
        """The pages of this committee, of which the one at the path `shown` is shown."""
        attendance = self.writes and (self.ticking or shown == ATTENDANCE)
        tabs = [*TABS, *((("Présence", ATTENDANCE),) if attendance else ())]
        return [Link(label, self.committee_url + path, path == shown) for label, path in tabs]

    @property
    def to_come(self) -> bool:
        return self.committee.state in TO_COME and self.committee.starts_at > self.now

    @property
    def ticking(self) -> bool:
        """Whether it is time to say who is there."""
        return attendance_open(self.committee.state, self.committee.starts_at, self.now)

    @property
    def noting(self) -> bool:
        """Whether the caller may write down what somebody answered."""
        return self.writes and self.committee.state in NOT_CLOSED

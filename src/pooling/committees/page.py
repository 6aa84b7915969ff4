"""What every page of one committee shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.committees.attendance_rules import NOT_CLOSED, Quorum, attendance_open
from pooling.committees.models import Committee, CommitteeKind, CommitteeState
from pooling.committees.people import quorum_of
from pooling.committees.queries import committee_by_id
from pooling.committees.rules import COMMITTEE, TO_COME
from pooling.committees.words import KIND_WORDS, zone_words
from pooling.kernel.errors import Forbidden
from pooling.members.features import features_of
from pooling.members.page_parts import section_links
from pooling.members.rights import Caller, Right
from pooling.web.layout import Link
from pooling.web.services import services_of
from pooling.web.typography import date_time_long, time_short

TABS: tuple[tuple[str, str], ...] = (
    ("En bref", ""),
    ("Ordre du jour", "/ordre-du-jour"),
    ("Personnes", "/personnes"),
    ("Compte-rendu", "/compte-rendu"),
)
"""The pages of one committee."""
ATTENDANCE = "/presence"
"""Among them as long as it is time to say who is there, and when one comes to it all the same."""


def sections(request: Request[Any, Any, Any], caller: Caller, group: EnteredGroup, here: str) -> list[Link]:
    """The pages about committees that are of no single one."""
    return section_links(features_of(request).sections("/comites"), caller, group, here)


@dataclass(frozen=True)
class CommitteePage:
    """A committee as its pages show it."""

    committee: Committee
    url: str
    base: str
    zone: ZoneInfo
    now: datetime
    manages: bool
    """Whether the caller plans committees."""
    writes: bool
    """Whether the caller writes the minutes and ticks who is there: who plans committees, and its secretary."""
    quorum: Quorum | None = None
    """Of a formal committee, where the group set one."""

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
    def kind_word(self) -> str:
        return KIND_WORDS[CommitteeKind(self.committee.kind)]

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
    def breadcrumb(self) -> Sequence[Link]:
        return [Link("À faire", self.base), Link("Comités", f"{self.base}/comites"), Link(self.committee.title, None)]

    def tabs(self, here: str) -> list[Link]:
        """The pages of this committee, of which the one at the path `here` is shown."""
        attendance = self.writes and (self.ticking or here == ATTENDANCE)
        tabs = [*TABS, *((("Présence", ATTENDANCE),) if attendance else ())]
        return [Link(label, self.url + path, path == here) for label, path in tabs]

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

    def under(self, label: str) -> Sequence[Link]:
        """The breadcrumb of a page below the committee's own."""
        *above, here = self.breadcrumb
        return [*above, Link(here.label, self.url), Link(label, None)]


async def committee_page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int
) -> CommitteePage:
    """The committee that the address names.

    Raises:
        NotFound: the group has none with this id.
    """
    group: EnteredGroup = request.scope["state"]["group"]
    base = f"/g/{group.slug}"
    committee = await committee_by_id(session, committee_id)
    manages = caller.may(Right.MANAGE_COMMITTEES)
    return CommitteePage(
        committee=committee,
        url=f"{base}/comites/{committee_id}",
        base=base,
        zone=ZoneInfo(group.timezone),
        now=services_of(request).clock.now(),
        manages=manages,
        writes=manages or committee.secretary_id == caller.person_id,
        quorum=await quorum_of(session, committee, services_of(request).clock.now()),
    )


async def managed_committee(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int
) -> CommitteePage:
    """The same, for who plans committees.

    Raises:
        NotFound: the group has none with this id.
        Forbidden: the caller does not manage committees.
    """
    frame = await committee_page(request, session, caller, committee_id)
    caller.require(Right.MANAGE_COMMITTEES)
    return frame


async def written_committee(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, committee_id: int
) -> CommitteePage:
    """The same, for who writes its minutes and ticks who is there.

    Raises:
        NotFound: the group has none with this id.
        Forbidden: the caller does not write them.
    """
    frame = await committee_page(request, session, caller, committee_id)
    if not frame.writes:
        raise Forbidden
    return frame


TAB = "/compte-rendu"

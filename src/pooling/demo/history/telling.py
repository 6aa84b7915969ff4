"""Stories of the demonstration's past, told side by side: each says on which day it goes on, and the one whose day is
first does, so that the journal reads as it would have been written.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.demo.territory import FACILITATOR, Demonstration
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole

Story: TypeAlias = AsyncIterator[int]
"""What it yields is how many days ago it goes on."""


@dataclass(frozen=True)
class Past:
    """What the stories know of each other."""

    session: AsyncSession
    territory: Demonstration
    now: datetime

    @property
    def facilitator(self) -> Caller:
        held = (HeldRole(Role.FACILITATOR),)
        return Caller(self.territory.people[FACILITATOR], self.territory.group_id, held)

    @property
    def today(self) -> date:
        return self.now.date()

    def ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)


async def tell(stories: Iterable[Story]) -> None:
    waiting: list[tuple[int, int, Story]] = []
    for place, story in enumerate(stories):
        await _go_on(waiting, place, story)
    while waiting:
        _, place, story = heappop(waiting)
        await _go_on(waiting, place, story)


async def _go_on(waiting: list[tuple[int, int, Story]], place: int, story: Story) -> None:
    """Until it names its next day, if there is one."""
    days = await anext(story, None)
    if days is not None:
        heappush(waiting, (-days, place, story))

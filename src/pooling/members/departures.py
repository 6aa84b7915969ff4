"""What features have to do with a member that leaves the group, or becomes another one: what keeps it, what becomes of
the rest.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.members.models import Member


@dataclass(frozen=True)
class Tie:
    """Something of a member that is there when it leaves: it keeps the member, or this is what becomes of it."""

    said: str
    """A sentence; where the tie keeps the member, how to untie it."""
    keeps: bool = False
    label: str = ""
    path: str = ""
    """Where it is, from the group's address on."""
    odd: str = ""
    """What about it is hardly meant, to insist on."""


@dataclass(frozen=True)
class Leaving:
    """A member that leaves, when nothing keeps it."""

    member: Member
    reason: str
    at: datetime
    by: int | None


@dataclass(frozen=True)
class Merging:
    """Members that become another one, when nothing stands against it."""

    former: Sequence[Member]
    becomes: Member
    reason: str
    at: datetime
    by: int | None

    @property
    def ids(self) -> list[int]:
        return [one.id for one in self.former]

    @property
    def names(self) -> str:
        return ", ".join(one.name for one in self.former)


Lock: TypeAlias = Callable[[AsyncSession, Sequence[int]], Awaitable[None]]
Ties: TypeAlias = Callable[[AsyncSession, Member], Awaitable[list[Tie]]]
Leave: TypeAlias = Callable[[AsyncSession, Leaving], Awaitable[None]]

MergeTies: TypeAlias = Callable[[AsyncSession, Sequence[Member], Member | None], Awaitable[list[Tie]]]
"""Of members that are to become another one; None: one that is to be added."""
Merge: TypeAlias = Callable[[AsyncSession, Merging], Awaitable[None]]


async def _locks_nothing(session: AsyncSession, members: Sequence[int]) -> None:
    pass


async def _leaves_as_it_is(session: AsyncSession, leaving: Leaving) -> None:
    pass


async def _has_no_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:  # noqa: ARG001
    return []


async def _keeps_them_apart(session: AsyncSession, merging: Merging) -> None:
    pass


@dataclass(frozen=True)
class Departure:
    """A feature's part in it. Features take part in the order in which they are listed, and leave in the other one:
    what stands on something goes before it.
    """

    ties: Ties
    lock: Lock = _locks_nothing
    """What must stand still from before the group is locked until the end."""
    leave: Leave = _leaves_as_it_is
    merge_ties: MergeTies = _has_no_ties
    merge: Merge = _keeps_them_apart

"""What an agenda can take up from what is open in the group: features bring it, committees loop."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.about import Named


@dataclass(frozen=True)
class Meeting:
    """The committee that an agenda is of."""

    id: int
    starts_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True)
class Suggestion:
    """An item that an agenda could have."""

    topic: str
    title: str
    """On one line, 200 letters at most."""
    reason: str = field(compare=False)
    """Why now, in a few words."""
    duration_minutes: int = 10
    about: Named | None = None
    origin_id: int | None = None
    """What it comes from, where that is not what it is about: a difficulty."""

    @property
    def key(self) -> str:
        """What tells it from the others of one agenda: `closing-12`."""
        about = self.about[1] if self.about is not None and self.origin_id is None else self.origin_id
        return self.topic if about is None else f"{self.topic}-{about}"


@dataclass(frozen=True)
class TakenUp:
    """An item that an agenda has taken up."""

    id: int
    topic: str
    about: Named | None


Suggest = Callable[[AsyncSession, Meeting, datetime], Awaitable[Sequence[Suggestion]]]
"""What is open in the group, for this committee, in a fixed number of statements."""
Tell = Callable[[AsyncSession, Meeting, Sequence[TakenUp], datetime], Awaitable[Mapping[int, tuple[str, ...]]]]
"""What there is to know now about these items, by their ids, likewise."""


async def _nothing_to_tell(*_: object) -> Mapping[int, tuple[str, ...]]:
    return {}


@dataclass(frozen=True)
class AgendaSource:
    """Where items of agendas come from, beside what somebody types."""

    topics: Collection[str]
    """As items keep them."""
    suggest: Suggest
    tell: Tell = _nothing_to_tell
    left_over: bool = False
    """Whether earlier committees left it: it is suggested first."""


def shortened(content: str, longest: int = 100) -> str:
    """The beginning of a text, on one line, up to a whole word where there is one."""
    line = " ".join(content.split())
    if len(line) <= longest:
        return line
    whole, blank, _ = line[:longest].rpartition(" ")
    return (whole if blank else line[: longest - 1]) + "…"

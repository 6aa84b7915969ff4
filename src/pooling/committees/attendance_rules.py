"""When attendance is taken, and whether enough people are there. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pooling.committees.models import CommitteeState as State

OPENS_BEFORE = timedelta(hours=1)
"""People arrive early: the sheet is open that long before the start."""


NOT_CLOSED = frozenset({State.PLANNED, State.CONVENED, State.HELD})
"""Until the minutes are published, which say who was there."""


def attendance_open(state: str, starts_at: datetime, now: datetime) -> bool:
    """From an hour before the start on."""
    return state in NOT_CLOSED and now >= starts_at - OPENS_BEFORE


@dataclass(frozen=True)
class Quorum:
    """How many people must be there in person for a formal committee to decide.

    More than `percent` of those invited, those represented not counted: a municipal council deliberates when the
    majority of its members in office is present (code général des collectivités territoriales, L2121-17), which is
    more than 50 %.
    """

    percent: int
    invited: int
    present: int

    @property
    def needed(self) -> int:
        return self.invited * self.percent // 100 + 1

    @property
    def reached(self) -> bool:
        return self.present >= self.needed

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.present)

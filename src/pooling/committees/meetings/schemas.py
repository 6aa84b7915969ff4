from datetime import date, time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pooling.committees.models import CommitteeKind
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.text import Line
from pooling.members.models import Role

LONGEST_TEXT = 20_000


class Whereabouts(BaseModel):
    """When and where a committee meets, as people say it in the group's zone."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    day: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    hour: time
    duration_minutes: int = Field(default=120, ge=15, le=24 * 60)
    place: Line = Field(default="", max_length=200)
    link: Line = Field(default="", max_length=500)


class CommitteeIn(Whereabouts):
    """A committee to plan. Who is invited: everybody with one of the roles, and the people named."""

    title: Line = Field(default="Comité de suivi", min_length=1, max_length=120)
    kind: CommitteeKind = CommitteeKind.WORKING_GROUP
    clear_days: Literal[1, 3, 5] = 5
    agenda: str = Field(default="", max_length=LONGEST_TEXT)
    roles: tuple[Role, ...] = ()
    people: tuple[int, ...] = ()
    take_up: bool = False
    """Whether what is open in the group comes on its agenda at once."""


class MoveIn(Whereabouts):
    """Another date, hour or place for a committee."""

    reason: str = Field(default="", max_length=LONGEST_REASON)

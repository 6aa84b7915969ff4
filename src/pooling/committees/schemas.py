from datetime import date, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pooling.committees.models import CommitteeKind
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.members.models import Role

LONGEST_TEXT = 20_000
SENT_TWICE = timedelta(minutes=2)
"""Within how long the very same form of the same person is one form sent twice."""


class Whereabouts(BaseModel):
    """When and where a committee meets, as people say it in the group's zone."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    day: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    hour: time
    duration_minutes: int = Field(default=120, ge=15, le=24 * 60)
    place: str = Field(default="", max_length=200)
    link: str = Field(default="", max_length=500)


class CommitteeIn(Whereabouts):
    """A committee to plan. Who is invited: everybody with one of the roles, and the people named."""

    title: str = Field(default="Comité de suivi", min_length=1, max_length=120)
    kind: CommitteeKind = CommitteeKind.WORKING_GROUP
    clear_days: Literal[1, 3, 5] = 5
    agenda: str = Field(default="", max_length=LONGEST_TEXT)
    roles: tuple[Role, ...] = ()
    people: tuple[int, ...] = ()
    take_up: bool = False
    """Whether what is open in the group comes on its agenda at once."""


class AgendaItemIn(BaseModel):
    """A point to speak about."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=200)
    duration_minutes: int | None = Field(default=None, ge=1, le=600)
    presenter: str = Field(default="", max_length=120)
    purchase: str = Field(default="", max_length=40)
    """The reference of the purchase that it is about: `AG-2027-001`."""


class MoveIn(Whereabouts):
    """Another date, hour or place for a committee."""

    reason: str = Field(default="", max_length=500)


class DifficultyIn(BaseModel):
    """What a member struggles with."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    content: str = Field(min_length=1, max_length=2000)
    purchase: str = Field(default="", max_length=40)
    """The reference of the purchase that it is about."""
    member_id: int | None = None
    """For which of the caller's members; None for the group."""

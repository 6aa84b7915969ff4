"""What an agenda's items and difficulties take."""

from pydantic import ConfigDict, Field

from pooling.kernel.text import Line
from pooling.members.subjects import AboutIn

LONGEST_DIFFICULTY = 2000


class AgendaItemIn(AboutIn):
    """A point to speak about."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: Line = Field(min_length=1, max_length=200)
    duration_minutes: int | None = Field(default=None, ge=1, le=600)
    presenter: Line = Field(default="", max_length=120)


class DifficultyIn(AboutIn):
    """What a member struggles with."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    content: str = Field(min_length=1, max_length=LONGEST_DIFFICULTY)
    member_id: int | None = None
    """For which of the caller's members; None for the group."""

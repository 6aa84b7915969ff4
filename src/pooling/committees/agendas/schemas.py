"""What an agenda's items and difficulties take."""

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.text import Line


class AgendaItemIn(BaseModel):
    """A point to speak about."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    title: Line = Field(min_length=1, max_length=200)
    duration_minutes: int | None = Field(default=None, ge=1, le=600)
    presenter: Line = Field(default="", max_length=120)
    purchase: str = Field(default="", max_length=40)
    """The reference of the purchase that it is about: `AG-2027-001`."""


class DifficultyIn(BaseModel):
    """What a member struggles with."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    content: str = Field(min_length=1, max_length=2000)
    purchase: str = Field(default="", max_length=40)
    """The reference of the purchase that it is about."""
    member_id: int | None = None
    """For which of the caller's members; None for the group."""

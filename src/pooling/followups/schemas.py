from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line

MOST_DATES = 20
LARGEST_COST = 100_000_000_000
"""Cents."""


class DateIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    day: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    label: Line = Field(min_length=1, max_length=200)


class FollowUpIn(BaseModel):
    """All that is known of it. Amounts are cents with VAT; `costs` by member code."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    organiser: Line = Field(default="", max_length=200)
    joining: str = Field(default="", max_length=2000)
    dates: tuple[DateIn, ...] = Field(default=(), max_length=MOST_DATES)
    total_cents: int | None = Field(default=None, ge=0, le=LARGEST_COST)
    costs: dict[str, int] = Field(default_factory=dict, max_length=50_000)

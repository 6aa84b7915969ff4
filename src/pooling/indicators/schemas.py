from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line
from pooling.members.subjects import AboutIn

MOST_DAYS = 999
MOST_KILOMETRES = 1_000_000
LONGEST_WHAT = 200


class DaysIn(AboutIn):
    """Days that agents of a member gave."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    member: str = Field(min_length=1, max_length=40)
    """Its code."""
    spent_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    days: Decimal = Field(gt=0, le=MOST_DAYS, max_digits=6, decimal_places=2)
    what: Line = Field(min_length=1, max_length=LONGEST_WHAT)


class AssumptionIn(BaseModel):
    """What one assumes that a unit of an item replaces in a year."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    replaced: str = Field(max_length=40)
    """The code of a factor."""
    replaced_by: str = Field(max_length=40)
    kilometres: int = Field(ge=1, le=MOST_KILOMETRES)
    source: Line = Field(min_length=1, max_length=LONGEST_WHAT)

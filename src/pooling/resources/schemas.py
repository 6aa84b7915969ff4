from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.text import Line, clean
from pooling.resources.models import ResourceKind
from pooling.resources.rules import ALL_DAYS, Span

MOST_UNITS = 10_000
LARGEST_PRICE = 100_000_00
"""Cents."""
LONGEST_TITLE, LONGEST_CONDITIONS, LONGEST_PURPOSE = 120, 2_000, 500


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Lines = Annotated[str, BeforeValidator(_clean)]


class ResourceIn(BaseModel):
    """A resource as it is to be known, see `Resource`."""

    model_config = ConfigDict(frozen=True)

    site_id: int
    kind: ResourceKind
    title: Line = Field(min_length=1, max_length=LONGEST_TITLE)
    quantity: int = Field(ge=1, le=MOST_UNITS)
    days: int = Field(ge=1, le=ALL_DAYS)
    price_cents: int = Field(default=0, ge=0, le=LARGEST_PRICE)
    conditions: Lines = Field(default="", max_length=LONGEST_CONDITIONS)
    from_day: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    until_day: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY)

    @property
    def span(self) -> Span:
        return Span(self.from_day, self.until_day, self.days)


class AskIn(BaseModel):
    """What a member asks for, see `Lending`. All the days on which the resource is offered, where `days` names none."""

    model_config = ConfigDict(frozen=True)

    units: int = Field(ge=1, le=MOST_UNITS)
    first_day: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    last_day: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    days: int = Field(default=0, ge=0, le=ALL_DAYS)
    purpose: Lines = Field(min_length=1, max_length=LONGEST_PURPOSE)

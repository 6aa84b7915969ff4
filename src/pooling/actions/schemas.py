"""An action as it is proposed and corrected."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pooling.actions.models import Ease, FactorKind
from pooling.kernel.text import Line, clean

LONGEST_TEXT = 10_000
LONGEST_PART = 2_000
MOST_FACTORS = 30


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Lines = Annotated[str, BeforeValidator(_clean)]


class FactorIn(BaseModel):
    """An obstacle or an opportunity."""

    model_config = ConfigDict(frozen=True)

    kind: FactorKind
    ease: Ease
    text: Line = Field(min_length=1, max_length=300)


class ActionIn(BaseModel):
    """The whole of a sheet, but for where it stands."""

    model_config = ConfigDict(frozen=True)

    title: Line = Field(min_length=1, max_length=160)
    system: Line = Field(default="", max_length=40)
    lead_member: Line = Field(default="", max_length=20)
    """The code of the member that looks after it; empty: none does yet."""
    content: Lines = Field(default="", max_length=LONGEST_TEXT)
    resources: Lines = Field(default="", max_length=LONGEST_PART)
    levers: Lines = Field(default="", max_length=LONGEST_PART)
    indicators: Lines = Field(default="", max_length=LONGEST_PART)
    vigilance: Lines = Field(default="", max_length=LONGEST_PART)
    starts_on: date | None = None
    ends_on: date | None = None
    factors: tuple[FactorIn, ...] = Field(default=(), max_length=MOST_FACTORS)
